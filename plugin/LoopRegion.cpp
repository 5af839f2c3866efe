// What belongs to the body of an event loop: the more, the less is in the shell that never leaves the stack.  So it is
// not only the natural loop, but every block that its header dominates: error paths that end the program, the clean-up
// before a `return`, and what follows a `break`.  Not: the block that returns, and whatever leads to another event loop,
// which is to have a shell of its own at the same level.
#include "plugin/LoopRegion.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace wfp {
namespace {

bool isStatic(const Instruction &I) {
  const auto *Alloca = dyn_cast<AllocaInst>(&I);
  return Alloca && Alloca->isStaticAlloca();
}

// Blocks outside L from which an event loop's header can be reached.
SmallPtrSet<BasicBlock *, 16> leadingTo(ArrayRef<BasicBlock *> EventLoops, const Loop &L) {
  SmallPtrSet<BasicBlock *, 16> Leading;
  SmallVector<BasicBlock *, 16> Work(EventLoops.begin(), EventLoops.end());
  for (BasicBlock *H : EventLoops)
    if (H != L.getHeader())
      Leading.insert(H);
  while (!Work.empty())
    for (BasicBlock *P : predecessors(Work.pop_back_val()))
      if (!L.contains(P) && Leading.insert(P).second)
        Work.push_back(P);
  return Leading;
}

// The code in front of a return goes with the region: [load of the result,] ret stays behind.
void splitReturns(Function &F) {
  SmallVector<Instruction *, 4> Points;
  for (BasicBlock &B : F)
    if (auto *Return = dyn_cast<ReturnInst>(B.getTerminator())) {
      Instruction *Point = Return;
      auto *Result = dyn_cast_or_null<LoadInst>(Return->getReturnValue());
      if (Result && Result->getParent() == &B && Result->getNextNode() == Return && Result->hasOneUse())
        Point = Result;
      if (Point != &*B.getFirstNonPHIIt())
        Points.push_back(Point);
    }
  for (Instruction *Point : Points)
    SplitBlock(Point->getParent(), Point);
}

// Exceptions of the region land in it: a landing pad outside gets a copy inside, which goes on where the first one
// does.
bool copyLandingPads(Function &F, const LoopRegion &R) {
  SetVector<BasicBlock *> Outside;
  for (BasicBlock *B : R.Blocks)
    if (auto *Invoke = dyn_cast<InvokeInst>(B->getTerminator()); Invoke && !R.contains(Invoke->getUnwindDest()))
      Outside.insert(Invoke->getUnwindDest());
  for (BasicBlock *Pad : Outside) {
    auto *Landing = dyn_cast<LandingPadInst>(&*Pad->getFirstNonPHIIt());
    if (!Landing || isa<PHINode>(Pad->front()))
      return false;
    BasicBlock *Rest = SplitBlock(Pad, &*std::next(Landing->getIterator()));
    auto *Slot =
        new AllocaInst(Landing->getType(), F.getDataLayout().getAllocaAddrSpace(), "", F.getEntryBlock().begin());
    auto *Loaded = new LoadInst(Landing->getType(), Slot, "", Rest->getFirstInsertionPt());
    Landing->replaceAllUsesWith(Loaded);
    BasicBlock *Copy = BasicBlock::Create(F.getContext(), "", &F, Rest);
    Instruction *Twin = Landing->clone();
    Twin->insertInto(Copy, Copy->end());
    for (auto *L : {static_cast<Instruction *>(Landing), Twin})
      new StoreInst(L, Slot, L->getParent() == Copy ? Copy->end() : std::next(L->getIterator()));
    BranchInst::Create(Rest, Copy);
    Copy->getTerminator()->setDebugLoc(Landing->getDebugLoc());
    for (BasicBlock *B : R.Blocks)
      if (auto *Invoke = dyn_cast<InvokeInst>(B->getTerminator()); Invoke && Invoke->getUnwindDest() == Pad)
        Invoke->setUnwindDest(Copy);
  }
  return true;
}

bool crosses(const Instruction &I, const LoopRegion &R) {
  bool Inside = R.contains(I.getParent());
  return any_of(I.uses(), [&](const Use &U) {
    const auto *User = cast<Instruction>(U.getUser());
    const auto *Phi = dyn_cast<PHINode>(User);
    return R.contains(Phi ? Phi->getIncomingBlock(U) : User->getParent()) != Inside ||
           R.contains(User->getParent()) != Inside;
  });
}

bool demotePhis(const LoopRegion &R) {
  SmallVector<PHINode *, 8> Phis;
  for (PHINode &Phi : R.Header->phis())
    Phis.push_back(&Phi);
  for (BasicBlock *Exit : R.Exits)
    for (PHINode &Phi : Exit->phis())
      Phis.push_back(&Phi);
  for (PHINode *Phi : Phis) {
    for (unsigned I = 0; I < Phi->getNumIncomingValues(); ++I)
      if (const auto *Invoke = dyn_cast<InvokeInst>(Phi->getIncomingValue(I));
          Invoke && Invoke->getParent() == Phi->getIncomingBlock(I))
        return false;
    DemotePHIToStack(Phi);
  }
  return true;
}

bool demoteValues(Function &F, const LoopRegion &R) {
  SmallVector<Instruction *, 8> Crossing;
  for (Instruction &I : instructions(F))
    if (!isStatic(I) && crosses(I, R)) {
      if (!I.getType()->isFirstClassType() || I.getType()->isTokenTy() || isa<ScalableVectorType>(I.getType()) ||
          I.getType()->isX86_AMXTy())
        return false;
      Crossing.push_back(&I);
    }
  for (Instruction *I : Crossing)
    DemoteRegToStack(*I);
  return true;
}

void demoteArguments(Function &F, const LoopRegion &R) {
  for (Argument &A : F.args()) {
    SmallVector<Use *, 8> Inside;
    for (Use &U : A.uses())
      if (R.contains(cast<Instruction>(U.getUser())->getParent()))
        Inside.push_back(&U);
    if (Inside.empty())
      continue;
    auto *Slot = new AllocaInst(A.getType(), F.getDataLayout().getAllocaAddrSpace(), "", F.getEntryBlock().begin());
    new StoreInst(&A, Slot, std::next(Slot->getIterator()));
    for (Use *U : Inside) {
      auto *User = cast<Instruction>(U->getUser());
      auto *Phi = dyn_cast<PHINode>(User);
      Instruction *At = Phi ? Phi->getIncomingBlock(*U)->getTerminator() : User;
      U->set(new LoadInst(A.getType(), Slot, "", At->getIterator()));
    }
  }
}

} // namespace

LoopRegion findRegion(Function &F, BasicBlock *Header, ArrayRef<BasicBlock *> EventLoops) {
  DominatorTree Dominators(F);
  LoopInfo Loops(Dominators);
  LoopRegion R;
  R.Header = Header;
  const Loop *L = Loops.getLoopFor(Header);
  if (!L || L->getHeader() != Header)
    return R;
  auto Leading = leadingTo(EventLoops, *L);
  for (BasicBlock &B : F)
    if (L->contains(&B) ||
        (Dominators.dominates(Header, &B) && !Leading.contains(&B) && !isa<ReturnInst>(B.getTerminator())))
      R.Blocks.insert(&B);
  // One entry: what can be reached from outside without the header goes.
  for (bool Changed = true; Changed;) {
    Changed = R.Blocks.remove_if([&](BasicBlock *B) {
      return !L->contains(B) && any_of(predecessors(B), [&](BasicBlock *P) { return !R.contains(P); });
    });
  }
  for (BasicBlock &B : F)
    if (!R.contains(&B) && any_of(predecessors(&B), [&](BasicBlock *P) { return R.contains(P); }))
      R.Exits.push_back(&B);
  return R;
}

const char *whyNotMovable(const LoopRegion &R) {
  if (R.Blocks.empty())
    return "its shape was lost";
  if (R.Header->isEHPad())
    return "it begins with a landing pad";
  bool SavesStack = false, RestoresStack = false;
  for (BasicBlock *B : R.Blocks) {
    if (B->hasAddressTaken() || isa<IndirectBrInst>(B->getTerminator()) || isa<CallBrInst>(B->getTerminator()))
      return "of a computed goto";
    if (isa<ReturnInst>(B->getTerminator()))
      return "it returns in an unusual way";
    for (Instruction &I : *B) {
      if (isa<AllocaInst>(I))
        return "of a variable-length array or alloca";
      const auto *Call = dyn_cast<CallBase>(&I);
      if (!Call)
        continue;
      if (Call->isMustTailCall())
        return "of a musttail call";
      switch (Call->getIntrinsicID()) {
      case Intrinsic::vastart:
        return "of va_start";
      case Intrinsic::returnaddress:
      case Intrinsic::addressofreturnaddress:
      case Intrinsic::frameaddress:
      case Intrinsic::sponentry:
      case Intrinsic::localescape:
      case Intrinsic::eh_sjlj_setjmp:
        return "it looks at its own frame";
      case Intrinsic::stacksave:
        SavesStack = true;
        break;
      case Intrinsic::stackrestore:
        RestoresStack = true;
        break;
      default:
        break;
      }
    }
  }
  for (BasicBlock *Exit : R.Exits)
    if (Exit->isEHPad() && !isa<LandingPadInst>(&*Exit->getFirstNonPHIIt()))
      return "of its exceptions' personality";
  return SavesStack || RestoresStack ? "of a variable-length array or alloca" : nullptr;
}

bool isolateRegion(Function &F, BasicBlock *Header, ArrayRef<BasicBlock *> EventLoops) {
  splitReturns(F);
  if (!copyLandingPads(F, findRegion(F, Header, EventLoops)))
    return false;
  if (!demotePhis(findRegion(F, Header, EventLoops)))
    return false;
  // Demoting the value of an invoke splits its edge, and so changes the region.
  if (!demoteValues(F, findRegion(F, Header, EventLoops)))
    return false;
  LoopRegion R = findRegion(F, Header, EventLoops);
  demoteArguments(F, R);
  return none_of(instructions(F), [&](const Instruction &I) { return !isStatic(I) && crosses(I, R); });
}

} // namespace wfp
