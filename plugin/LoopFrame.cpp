// The shell must not change when the body does.  So what it holds is decided by what the variables are, not by whether
// the body happens to use them: all that are alive when a turn begins are in its frame, in the order of their
// declaration.  A variable that no turn inherits from the one before is the body's own: one declared inside the
// loop, a temporary, or, C of the old kind, `int i, n;` at the function's top that each turn sets anew.
//
// A scalar whose address is never taken is apart from the rest: the body may be told that nobody else can reach
// it, and is compiled almost as well as before.
#include "plugin/LoopFrame.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"

using namespace llvm;

namespace wfp {

bool isLifetimeMarker(const User *U) {
  const auto *I = dyn_cast<IntrinsicInst>(U);
  return I && I->isLifetimeStartOrEnd();
}

void Frame::add(AllocaInst *Variable) {
  const DataLayout &Layout = Variable->getModule()->getDataLayout();
  uint64_t Offset = alignTo(Size, Variable->getAlign());
  Members.push_back({Variable, Offset});
  Size = Offset + Variable->getAllocationSize(Layout)->getFixedValue();
  Alignment = std::max(Alignment, Variable->getAlign());
}

namespace {

bool isStart(const User *U) {
  const auto *I = dyn_cast<IntrinsicInst>(U);
  return I && I->getIntrinsicID() == Intrinsic::lifetime_start;
}

// A block's first or last instruction that satisfies Counts, among the users of V.
using PerBlock = DenseMap<const BasicBlock *, const Instruction *>;
template <typename Predicate> PerBlock outermost(const AllocaInst &V, bool Last, Predicate Counts) {
  PerBlock Found;
  for (const User *U : V.users()) {
    const auto *I = cast<Instruction>(U);
    if (!Counts(I))
      continue;
    const Instruction *&Best = Found[I->getParent()];
    if (!Best || (Last ? Best->comesBefore(I) : I->comesBefore(Best)))
      Best = I;
  }
  return Found;
}

// May the variable be alive at Header, going by its lifetime markers?  One without markers always is.
bool isAlive(const AllocaInst &V, const BasicBlock *Header) {
  PerBlock Markers = outermost(V, /*Last=*/true, isLifetimeMarker);
  if (Markers.empty())
    return true;
  SmallVector<const BasicBlock *, 16> Work;
  for (auto &[B, Marker] : Markers)
    if (isStart(Marker))
      Work.push_back(B);
  SmallPtrSet<const BasicBlock *, 32> Alive; // at their beginning
  while (!Work.empty())
    for (const BasicBlock *S : successors(Work.pop_back_val()))
      if (Alive.insert(S).second && !Markers.contains(S))
        Work.push_back(S);
  return Alive.contains(Header);
}

// May the value of a scalar at the beginning of one of these blocks be read later?
bool isLive(const AllocaInst &V, ArrayRef<BasicBlock *> Blocks) {
  PerBlock Accesses = outermost(V, /*Last=*/false, [](const User *) { return true; });
  SmallVector<const BasicBlock *, 16> Work;
  for (auto &[B, First] : Accesses)
    if (isa<LoadInst>(First))
      Work.push_back(B);
  SmallPtrSet<const BasicBlock *, 32> Live(Work.begin(), Work.end());
  while (!Work.empty())
    for (const BasicBlock *P : predecessors(Work.pop_back_val()))
      if (!Accesses.contains(P) && Live.insert(P).second)
        Work.push_back(P);
  return any_of(Blocks, [&](BasicBlock *B) { return Live.contains(B); });
}

// Can a pointer to V outlive the instruction that is given it?  That of a returned object (sret) cannot: in C there is no
// name for it, in C++ a temporary must not be used after the expression.
bool mayBeKept(const Value &V) {
  return any_of(V.uses(), [](const Use &U) {
    const auto *I = cast<Instruction>(U.getUser());
    if (isa<GetElementPtrInst>(I))
      return mayBeKept(*I);
    if (isa<LoadInst>(I) || isa<MemIntrinsic>(I) || isLifetimeMarker(I))
      return false;
    if (isa<StoreInst>(I))
      return U.getOperandNo() != StoreInst::getPointerOperandIndex();
    const auto *Call = dyn_cast<CallBase>(I);
    if (!Call || !Call->isArgOperand(&U))
      return true;
    unsigned Argument = Call->getArgOperandNo(&U);
    return !Call->paramHasAttr(Argument, Attribute::StructRet) && !Call->isByValArgument(Argument) &&
           !Call->doesNotCapture(Argument);
  });
}

// The compiler's temporaries may have no markers.  Does each turn overwrite the whole object before it does anything
// else with it, and leave nobody a pointer to it?
bool isFresh(const AllocaInst &V, const DominatorTree &Dominators) {
  if (mayBeKept(V))
    return false;
  const DataLayout &Layout = V.getModule()->getDataLayout();
  uint64_t Size = V.getAllocationSize(Layout)->getFixedValue();
  for (const User *U : V.users()) {
    const auto *Store = dyn_cast<StoreInst>(U);
    const auto *Memory = dyn_cast<MemIntrinsic>(U);
    const auto *Length = Memory ? dyn_cast<ConstantInt>(Memory->getLength()) : nullptr;
    const auto *Call = dyn_cast<CallBase>(U);
    bool Writes = (Store && Store->getPointerOperand() == &V && Store->getValueOperand() != &V &&
                   Layout.getTypeStoreSize(Store->getValueOperand()->getType()) == Size) ||
                  (Length && Memory->getDest() == &V && Length->getZExtValue() == Size) ||
                  (Call && Call->hasStructRetAttr() && Call->getArgOperand(0) == &V);
    if (Writes && all_of(V.users(), [&](const User *Other) {
          return Other == U || Dominators.dominates(cast<Instruction>(U), cast<Instruction>(Other));
        }))
      return true;
  }
  return false;
}

} // namespace

LoopVariables classifyVariables(Function &F, const LoopRegion &R, const LocalNames &Names) {
  DominatorTree Dominators(F);
  SmallVector<BasicBlock *, 4> Ends(R.Exits.begin(), R.Exits.end());
  Ends.push_back(R.Header);
  LoopVariables All;
  for (Instruction &I : F.getEntryBlock()) {
    auto *V = dyn_cast<AllocaInst>(&I);
    if (!V || !V->isStaticAlloca() || V->getAllocatedType()->isScalableTy())
      continue;
    bool Inside = false, Outside = false, Marked = false;
    for (User *U : V->users()) {
      Marked |= isLifetimeMarker(U);
      if (!isLifetimeMarker(U))
        (R.contains(cast<Instruction>(U)->getParent()) ? Inside : Outside) = true;
    }
    bool Scalar = isAllocaPromotable(V), Own = false;
    if (Inside)
      Own = Scalar ? !isLive(*V, Ends)
                   : !Outside && (Marked ? !isAlive(*V, R.Header) : !Names.contains(V) && isFresh(*V, Dominators));
    else if (!Names.contains(V) || !isAlive(*V, R.Header))
      continue;
    if (Own)
      All.Own.push_back(V);
    else
      (Scalar ? All.Scalars : All.Objects).add(V);
  }
  return All;
}

uint32_t interfaceHash(const LoopVariables &V, const LoopRegion &R, const LocalNames &Names) {
  std::string Text;
  raw_string_ostream Out(Text);
  for (const Frame *Shared : {&V.Scalars, &V.Objects}) {
    for (const Frame::Member &M : Shared->Members)
      Out << M.Offset << ' ' << *M.Variable->getAllocatedType() << ' ' << Names.lookup(M.Variable) << '\n';
    Out << Shared->Size << ' ' << Shared->Alignment.value() << '\n';
  }
  for (const BasicBlock *Exit : R.Exits) {
    for (const Instruction &I : *Exit)
      if (!isLifetimeMarker(&I))
        Out << I.getOpcodeName() << ' ';
    Out << '\n';
  }
  return static_cast<uint32_t>(xxh3_64bits(Text));
}

} // namespace wfp
