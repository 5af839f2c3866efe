// Makes a function of the body of an event loop.
#pragma once

#include "plugin/LoopFrame.h"

#include "llvm/ADT/Twine.h"

namespace wfp {

// Variables of F that the compiler tracks by their assignments get plain declarations again, which stay right when code
// moves to another function.
void declareVariables(llvm::Function &F);

// R, isolated (LoopRegion.h), becomes a function called Name; F keeps a loop that calls it.  Returns the new function.
llvm::Function *makeLoopBody(llvm::Function &F, const LoopRegion &R, const LoopVariables &V, const llvm::Twine &Name);

} // namespace wfp
