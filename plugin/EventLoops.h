// Which loops wait for events: those whose bodies OutlinePass makes functions of their own.
#pragma once

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

namespace llvm {
class BasicBlock;
class CallBase;
class DominatorTree;
class Function;
class Loop;
class LoopInfo;
class Module;
} // namespace llvm

namespace wfp {

// What the functions of a module do that is of interest here, known once per module.
class Callees {
public:
  explicit Callees(llvm::Module &M);

  // One of the calls in which a thread waits (docs/quiescence.md), or a function of the module that may come to one.
  bool mayWait(const llvm::CallBase &Call) const;
  // A function of the module that does little but read an atomic or volatile object: std::atomic<bool>::load().
  bool readsFlag(const llvm::CallBase &Call) const;
  // Does the call do something for the program, or is it part of the waiting itself?
  static bool isWork(const llvm::CallBase &Call);

private:
  llvm::SmallPtrSet<const llvm::Function *, 32> Waiting, Flags;
};

// The headers of F's event loops that are not inside another one, in the order of the function.
llvm::SmallVector<llvm::BasicBlock *, 2> findEventLoops(llvm::Function &F, const llvm::LoopInfo &Loops,
                                                        const llvm::DominatorTree &Dominators, const Callees &C);

} // namespace wfp
