// .wfpatch.info: the JSON document for wfdiff, see docs/formats.md.
#pragma once

#include "plugin/UnitId.h"

namespace wfp {

void writeInfoSection(llvm::Module &M, const Unit &U, llvm::StringRef Key, const UnitId &Id);

} // namespace wfp
