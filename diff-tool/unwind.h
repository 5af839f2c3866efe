// Call-frame information: which FDE belongs to which code, and what it refers to.
#pragma once

#include "diff-tool/model.h"

#include "llvm/Support/Error.h"

namespace wfdiff {

// Fills O.Cies, O.Fdes and Piece::Fdes, and splits shared exception tables into one piece a function.
llvm::Error readUnwindEntries(Object &O);

} // namespace wfdiff
