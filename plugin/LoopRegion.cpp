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

constexpr const char *kSharedHandlers = "it shares handlers of exceptions with other code of the function";
constexpr const char *kUnusual = "it shares values with the rest in an unusual way";

bool isStatic(const Instruction &I) {
  const auto *Alloca = dyn_cast<AllocaInst>(&I);
  return Alloca && Alloca->isStaticAlloca();
}

// A function numbers the types that it catches: what a landing pad of one has selected says nothing in another.  Pads
// that clean up, or catch everything, select nothing.
bool selects(const LandingPadInst &Pad) {
  for (unsigned I = 0; I < Pad.getNumClauses(); ++I)
    if (Pad.isFilter(I) || !isa<ConstantPointerNull>(Pad.getClause(I)))
      return true;
  return false;
}

// Is what a landing pad of the region has selected looked at outside?
bool selectsForOthers(const LoopRegion &R) {
  if (none_of(R.Blocks, [](BasicBlock *B) {
        const auto *Pad = B->getLandingPadInst();
        return Pad && selects(*Pad);
      }))
    return false;
  SmallPtrSet<const BasicBlock *, 16> Seen(R.Exits.begin(), R.Exits.end());
  SmallVector<const BasicBlock *, 16> Work(R.Exits.begin(), R.Exits.end());
  while (!Work.empty()) {
    const BasicBlock *B = Work.pop_back_val();
    for (const Instruction &I : *B)
      if (const auto *Call = dyn_cast<IntrinsicInst>(&I); Call && Call->getIntrinsicID() == Intrinsic::eh_typeid_for)
        return true;
    for (const BasicBlock *S : successors(B))
      if (!R.contains(S) && Seen.insert(S).second)
        Work.push_back(S);
  }
  return false;
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
const char *copyLandingPads(Function &F, const LoopRegion &R) {
  SetVector<BasicBlock *> Outside;
  for (BasicBlock *B : R.Blocks)
    if (auto *Invoke = dyn_cast<InvokeInst>(B->getTerminator()); Invoke && !R.contains(Invoke->getUnwindDest()))
      Outside.insert(Invoke->getUnwindDest());
  for (BasicBlock *Pad : Outside) {
    auto *Landing = dyn_cast<LandingPadInst>(&*Pad->getFirstNonPHIIt());
    if (!Landing || isa<PHINode>(Pad->front()))
      return kUnusual;
    if (selects(*Landing))
      return kSharedHandlers;
  }
  for (BasicBlock *Pad : Outside) {
    auto *Landing = cast<LandingPadInst>(&*Pad->getFirstNonPHIIt());
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
  return nullptr;
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
  if (selectsForOthers(R))
    return kSharedHandlers;
  for (BasicBlock *Exit : R.Exits)
    if (Exit->isEHPad() && !isa<LandingPadInst>(&*Exit->getFirstNonPHIIt()))
      return "of its exceptions' personality";
  return SavesStack || RestoresStack ? "of a variable-length array or alloca" : nullptr;
}

const char *isolateRegion(Function &F, BasicBlock *Header, ArrayRef<BasicBlock *> EventLoops) {
  splitReturns(F);
  if (const char *Why = copyLandingPads(F, findRegion(F, Header, EventLoops)))
    return Why;
  if (!demotePhis(findRegion(F, Header, EventLoops)))
    return kUnusual;
  // Demoting the value of an invoke splits its edge, and so changes the region.
  if (!demoteValues(F, findRegion(F, Header, EventLoops)))
    return kUnusual;
  LoopRegion R = findRegion(F, Header, EventLoops);
  demoteArguments(F, R);
  bool Isolated = none_of(instructions(F), [&](const Instruction &I) { return !isStatic(I) && crosses(I, R); });
  return Isolated ? nullptr : kUnusual;
}

} // namespace wfp
