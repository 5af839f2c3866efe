// Where a busy thread may change over to new code: explicit quiescence points and polls at loops' back edges.
//
//     poll:   cmpb $0, __wfp_image(%rip)        one load and a branch that is predicted not taken
//             jne  cold
//     cold:   call *__wfp_image+8(%rip)         preserve_most: the loop keeps its registers
//
// A loop is polled if a thread could stay in it for long *and* something can be waited for or reached through it: it
// contains a call, or a volatile or atomic access (spinning).  Innermost loops without either are pure computation, left
// to the vectoriser's work and the next loop around them, which is polled if its turns are long for that.  Loops of a few
// turns are over before a poll would pay.  Inner loops are polled as outer ones are: an inner loop may be the one that
// never ends.
//
// The pass runs last, so polls are in no optimisation's way.  It works on back edges of the control-flow graph, not only
// on natural loops, so that cycles with several entries (goto into a loop, computed gotos) are polled too.
//
// A call of wfp_quiescence_point() becomes the same test, but calls through another pointer: there the programmer vouches
// for the stack, at a poll the runtime looks at it.
#include "plugin/Passes.h"

#include "format/records.h"
#include "plugin/ImageState.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/EHPersonalities.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"

#include <cstddef>

using namespace llvm;

namespace wfp {
namespace {

constexpr char kQuiescencePoint[] = "wfp_quiescence_point";
constexpr unsigned kSmallTripCount = 16;

using Edge = std::pair<const BasicBlock *, const BasicBlock *>;

// The poll is an ordinary call in the function's own convention; where that convention is not one of a program's normal
// functions, we do not know what it may clobber.
bool canCallPoll(const Function &F) {
  if (F.isDeclaration() || F.hasFnAttribute(Attribute::Naked) || F.hasFnAttribute("no_caller_saved_registers") ||
      F.hasFnAttribute("interrupt"))
    return false;
  if (F.hasPersonalityFn() && isScopedEHPersonality(classifyEHPersonality(F.getPersonalityFn())))
    return false; // calls in funclets need a token
  switch (F.getCallingConv()) {
  case CallingConv::C:
  case CallingConv::Fast:
  case CallingConv::Cold:
  case CallingConv::X86_64_SysV:
  case CallingConv::Win64:
  case CallingConv::PreserveMost:
  case CallingConv::PreserveAll:
    return true;
  default:
    return false;
  }
}

bool isQuiescencePoint(const Instruction &I) {
  const auto *Call = dyn_cast<CallBase>(&I);
  return Call && Call->getCalledFunction() && Call->getCalledFunction()->getName() == kQuiescencePoint;
}

// Could a thread wait here, or go somewhere from here that takes long?
bool mayTakeLong(const Instruction &I) {
  if (const auto *Call = dyn_cast<CallBase>(&I)) {
    if (const auto *Asm = dyn_cast<InlineAsm>(Call->getCalledOperand()))
      return Asm->hasSideEffects();
    return !isa<IntrinsicInst>(I) && !isQuiescencePoint(I);
  }
  return I.isVolatile() || I.isAtomic();
}

bool mayTakeLong(const BasicBlock *B) {
  return any_of(*B, [](const Instruction &I) { return mayTakeLong(I); });
}

// Has the loop more than a few turns, as far as is known?
bool mayTurnOften(const Loop *L, FunctionAnalysisManager &FAM) {
  Function &F = *L->getHeader()->getParent();
  // At -O0 loop variables live in memory and the count is unknown: not worth the analysis.
  unsigned Count = F.hasOptNone() ? 0 : FAM.getResult<ScalarEvolutionAnalysis>(F).getSmallConstantMaxTripCount(L);
  return Count == 0 || Count > kSmallTripCount;
}

// Can one turn of the loop take long?
bool hasLongTurns(const Loop *L, FunctionAnalysisManager &FAM) {
  return any_of(L->blocks(), [](const BasicBlock *B) { return mayTakeLong(B); }) ||
         any_of(L->getSubLoops(), [&](const Loop *Inner) { return mayTurnOften(Inner, FAM) || hasLongTurns(Inner, FAM); });
}

// The back edges of F that get a poll.
SmallVector<Edge, 8> chooseEdges(Function &F, FunctionAnalysisManager &FAM) {
  SmallVector<Edge, 8> BackEdges, Chosen;
  FindFunctionBackedges(F, BackEdges);
  bool TakesLong = any_of(F, [](const BasicBlock &B) { return mayTakeLong(&B); });
  if (BackEdges.size() < 2 && !TakesLong)
    return Chosen;
  LoopInfo &Loops = FAM.getResult<LoopAnalysis>(F);
  DenseMap<const Loop *, bool> Polled;
  for (const Edge &E : BackEdges) {
    const Loop *L = Loops.getLoopFor(E.second);
    if (L && L->getHeader() == E.second && L->contains(E.first)) {
      auto [It, New] = Polled.try_emplace(L, false);
      if (New)
        It->second = hasLongTurns(L, FAM) && mayTurnOften(L, FAM);
      if (!It->second)
        continue;
    } else if (!TakesLong) {
      continue;
    }
    Chosen.push_back(E); // a cycle without a header of its own is polled in any case
  }
  return Chosen;
}

// if (State->pending) State->*Handler(), before At.
void insertTest(GlobalVariable *State, size_t Handler, BasicBlock::iterator At) {
  LLVMContext &Ctx = State->getContext();
  MDNode *Unlikely = MDBuilder(Ctx).createBranchWeights(1, (1u << 20) - 1);
  IRBuilder<> B(At->getParent(), At);
  B.SetCurrentDebugLocation(At->getDebugLoc());
  // Neither volatile nor atomic, to be folded into a compare with memory: nothing that comes after this pass moves a
  // load across the call that the branch guards.
  LoadInst *Pending = B.CreateAlignedLoad(B.getInt8Ty(), State, Align(1), "wfp.pending");
  Pending->setNoSanitizeMetadata();
  Instruction *Cold =
      SplitBlockAndInsertIfThen(B.CreateIsNotNull(Pending), At, /*Unreachable=*/false, Unlikely);
  B.SetInsertPoint(Cold);
  B.SetCurrentDebugLocation(At->getDebugLoc());
  Value *Field = B.CreateConstInBoundsGEP1_64(B.getInt8Ty(), State, Handler);
  LoadInst *Target = B.CreateAlignedLoad(B.getPtrTy(), Field, Align(8), "wfp.handler");
  Target->setNoSanitizeMetadata();
  CallInst *Call = B.CreateCall(FunctionType::get(B.getVoidTy(), false), Target);
  Call->setCallingConv(CallingConv::PreserveMost);
  Call->setDoesNotThrow();
  Call->addFnAttr(Attribute::Cold);
}

// Where on E a poll goes: on the edge itself if it can be split, else before the terminator (indirect branches, invokes).
BasicBlock::iterator pollPosition(const Edge &E, DenseSet<const BasicBlock *> &DoneBeforeTerminator) {
  auto *From = const_cast<BasicBlock *>(E.first);
  auto *To = const_cast<BasicBlock *>(E.second);
  Instruction *T = From->getTerminator();
  bool Splittable = isa<BranchInst>(T) || isa<SwitchInst>(T);
  if (Splittable && T->getNumSuccessors() > 1)
    if (BasicBlock *Between = SplitEdge(From, To))
      return Between->getTerminator()->getIterator();
  if (T->getNumSuccessors() > 1 && !DoneBeforeTerminator.insert(From).second)
    return From->end(); // two back edges of one indirect branch need one poll
  return T->getIterator();
}

bool addPolls(Function &F, FunctionAnalysisManager &FAM) {
  SmallVector<Edge, 8> Edges = chooseEdges(F, FAM);
  DenseSet<const BasicBlock *> DoneBeforeTerminator;
  // Positions first: inserting a test splits blocks, which would make the edges' names wrong.
  SmallVector<Instruction *, 8> Positions;
  for (const Edge &E : Edges)
    if (auto At = pollPosition(E, DoneBeforeTerminator); At != E.first->end())
      Positions.push_back(&*At);
  for (Instruction *At : Positions)
    insertTest(getImageState(*F.getParent()), offsetof(format::ImageState, poll), At->getIterator());
  return !Positions.empty();
}

bool replaceQuiescencePoints(Function &F) {
  SmallVector<Instruction *, 4> Points;
  for (BasicBlock &B : F)
    for (Instruction &I : B)
      if (isQuiescencePoint(I))
        Points.push_back(&I);
  for (Instruction *I : Points) {
    if (auto *Invoke = dyn_cast<InvokeInst>(I))
      I = changeToCall(Invoke);
    insertTest(getImageState(*F.getParent()), offsetof(format::ImageState, quiescence_point), I->getIterator());
    I->eraseFromParent();
  }
  return !Points.empty();
}

} // namespace

PreservedAnalyses QuiescencePass::run(Module &M, ModuleAnalysisManager &MAM) {
  if (!shouldRun(M, *U))
    return PreservedAnalyses::all();
  FunctionAnalysisManager &FAM = MAM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
  const Function *Point = M.getFunction(kQuiescencePoint);
  bool HasPoints = Point && Point->isDeclaration();
  bool Changed = false;
  for (Function &F : M) {
    if (!canCallPoll(F))
      continue;
    Changed |= U->LoopPolls && addPolls(F, FAM);
    Changed |= HasPoints && replaceQuiescencePoints(F);
  }
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}

} // namespace wfp
