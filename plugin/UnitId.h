// A unit's id: what it is.  docs/formats.md defines it.
#pragma once

#include "plugin/Unit.h"

#include <array>
#include <cstdint>

namespace wfp {

using UnitId = std::array<uint8_t, 32>;

// SHA-256 over the module as it is now, without debug information and names of files, and U's compiler and options.
UnitId computeUnitId(llvm::Module &M, const Unit &U);

} // namespace wfp
