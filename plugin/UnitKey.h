// A unit's key: where it is from.  docs/formats.md defines it.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace wfp {

// The directory that keys are relative to: Explicit (root=DIR) if given, else $WFPATCH_ROOT, else the nearest directory at
// or above the working directory that looks like a build root, else the working directory.  Absolute.
std::string findBuildRoot(llvm::StringRef Explicit);

// Path relative to Root with '/' between components and no "." or ".."; of a path outside Root the last component.
std::string relativeToRoot(llvm::StringRef Path, llvm::StringRef Root);

// "SOURCE|OBJECT".  Output is what the compiler writes; where that is the driver's temporary file (compile and link in one
// command, or an external assembler), the object's name is made of the source's instead, so that a rebuild has one key.
std::string makeUnitKey(llvm::StringRef Source, llvm::StringRef Output, llvm::StringRef Root);

} // namespace wfp
