// The immediates of sleds; SledPass.cpp has the reasons.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace llvm {
class Module;
}

namespace wfp {

// Gives each sled an immediate of its own, from the unit's key and the function's name.  Done last: the unit's id does not depend on
// its key.
void distinguishSleds(llvm::Module &M, llvm::StringRef Key);

} // namespace wfp
