// The blocks of a function that become the body of its event loop.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace llvm {
class BasicBlock;
class Function;
} // namespace llvm

namespace wfp {

struct LoopRegion {
  llvm::BasicBlock *Header = nullptr;
  llvm::SetVector<llvm::BasicBlock *> Blocks; // in the order of the function
  llvm::SmallVector<llvm::BasicBlock *, 2> Exits; // blocks outside that it branches to, in the order of the function

  bool contains(const llvm::BasicBlock *B) const { return Blocks.contains(const_cast<llvm::BasicBlock *>(B)); }
};

// The region of the loop at Header.  EventLoops are the headers of all event loops of the function, this one included.
LoopRegion findRegion(llvm::Function &F, llvm::BasicBlock *Header, llvm::ArrayRef<llvm::BasicBlock *> EventLoops);

// Why the region cannot become a function of its own, or nothing.
const char *whyNotMovable(const LoopRegion &R);

// Changes F so that nothing but memory and the entry of each exit connects the region of the loop at Header with the
// rest: no value, no exception that lands elsewhere.  Returns why that cannot be done, or nothing.
const char *isolateRegion(llvm::Function &F, llvm::BasicBlock *Header, llvm::ArrayRef<llvm::BasicBlock *> EventLoops);

} // namespace wfp
