// An event loop is where a thread spends its life, so it is what the source says that counts, before any inlining:
//
//   - a loop without an exit, or
//   - one in which each turn waits: a blocking call, or a function of the unit that may come to one, is on the way of
//     every turn (for what is in an inner loop that loop's header counts: `while (empty) pthread_cond_wait()`), or
//   - one that ends when a flag says so: a condition on a global variable, or on an atomic or volatile object.
//
// It must do some work besides waiting: a loop that waits again until a condition holds has no body worth replacing.
// Loops that count are none, however long a turn takes.  What is chosen wrongly costs a call per turn, what is missed
// leaves a thread in old code: so the second and third kind are defined by what is cheap compared with waiting, or
// rarely found in a loop whose turns are short.
#include "plugin/EventLoops.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {
namespace {

// The calls that the runtime parks in, and what the C++ libraries' headers leave to their shared objects.
constexpr StringLiteral kWaitingNames[] = {
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect", "__poll_chk", "__ppoll_chk",
    "accept", "accept4", "connect", "recv", "recvfrom", "recvmsg", "recvmmsg", "read", "readv",
    "__read_chk", "__recv_chk", "__recvfrom_chk", "mq_receive", "mq_timedreceive", "msgrcv",
    "io_uring_enter", "io_uring_wait_cqe", "io_uring_submit_and_wait",
    "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait", "cnd_wait", "cnd_timedwait",
    "sem_wait", "sem_timedwait", "sem_clockwait",
    "pthread_join", "pthread_timedjoin_np", "pthread_clockjoin_np", "thrd_join",
    "sigwait", "sigwaitinfo", "sigtimedwait", "sigsuspend", "pause",
    "sleep", "usleep", "nanosleep", "clock_nanosleep", "thrd_sleep",
    "wait", "waitpid", "wait3", "wait4", "waitid",
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE",
    "_ZNSt3__118condition_variable4waitERNS_11unique_lockINS_5mutexEEE",
    "_ZNSt6thread4joinEv",
};

bool isWaitingName(StringRef Name) {
  Name.consume_front("\01");
  return is_contained(kWaitingNames, Name);
}

const Function *definition(const CallBase &Call) {
  const Function *F = Call.getCalledFunction();
  return F && !F->isDeclaration() ? F : nullptr;
}

constexpr unsigned kFewInstructions = 64;

bool isSmall(const Function &F) { return F.getInstructionCount() <= kFewInstructions; }

const Instruction *conditionOf(const BasicBlock &B) {
  if (const auto *Branch = dyn_cast<BranchInst>(B.getTerminator()))
    return Branch->isConditional() ? dyn_cast<Instruction>(Branch->getCondition()) : nullptr;
  if (const auto *Switch = dyn_cast<SwitchInst>(B.getTerminator()))
    return dyn_cast<Instruction>(Switch->getCondition());
  return nullptr;
}

// A load, or a call, through nothing but comparisons with constants and changes of type.
const Instruction *sourceOf(const Instruction *Condition) {
  while (Condition && !isa<LoadInst>(Condition) && !isa<CallBase>(Condition)) {
    bool Bitwise = Condition->getOpcode() == Instruction::And || Condition->getOpcode() == Instruction::Xor;
    const auto *Compare = dyn_cast<ICmpInst>(Condition);
    if (!(Compare && Compare->isEquality()) && !Bitwise && !isa<CastInst>(Condition) && !isa<FreezeInst>(Condition))
      return nullptr;
    if (Condition->getNumOperands() == 2 && !isa<Constant>(Condition->getOperand(1)))
      return nullptr;
    Condition = dyn_cast<Instruction>(Condition->getOperand(0));
  }
  return Condition;
}

bool testsFlag(const BasicBlock &B, const Callees &C) {
  const Instruction *Source = sourceOf(conditionOf(B));
  if (const auto *Load = dyn_cast_or_null<LoadInst>(Source)) {
    const auto *Global = dyn_cast<GlobalVariable>(Load->getPointerOperand()->stripInBoundsConstantOffsets());
    return Load->isVolatile() || Load->isAtomic() || (Global && !Global->isConstant());
  }
  const auto *Call = dyn_cast_or_null<CallBase>(Source);
  return Call && C.readsFlag(*Call);
}

// Is V a variable of the function that the loop only ever changes by a constant?
bool isCounter(const Value *V, const Loop &L) {
  while (const auto *Cast = dyn_cast<CastInst>(V))
    V = Cast->getOperand(0);
  const auto *Load = dyn_cast<LoadInst>(V);
  const auto *Variable = Load ? dyn_cast<AllocaInst>(Load->getPointerOperand()) : nullptr;
  if (!Variable || Load->isVolatile())
    return false;
  bool Steps = false;
  for (const User *U : Variable->users()) {
    const auto *Store = dyn_cast<StoreInst>(U);
    if (!Store || !L.contains(Store))
      continue;
    const auto *Add = dyn_cast<BinaryOperator>(Store->getValueOperand());
    const auto *Old = Add ? dyn_cast<LoadInst>(Add->getOperand(0)) : nullptr;
    if (!Old || Old->getPointerOperand() != Variable || !isa<ConstantInt>(Add->getOperand(1)) ||
        (Add->getOpcode() != Instruction::Add && Add->getOpcode() != Instruction::Sub))
      return false;
    Steps = true;
  }
  return Steps;
}

bool counts(const Loop &L) {
  SmallVector<BasicBlock *, 4> Exiting;
  L.getExitingBlocks(Exiting);
  return any_of(Exiting, [&](const BasicBlock *B) {
    const auto *Compare = dyn_cast_or_null<ICmpInst>(conditionOf(*B));
    return Compare && (isCounter(Compare->getOperand(0), L) || isCounter(Compare->getOperand(1), L));
  });
}

// Is B on the way of every turn?  What is in an inner loop is, if that loop's header is.
bool onEveryTurn(const BasicBlock *B, const Loop &L, const LoopInfo &Loops, const DominatorTree &Dominators) {
  const Loop *Inner = Loops.getLoopFor(B);
  for (; Inner != &L; Inner = Inner->getParentLoop())
    B = Inner->getHeader();
  SmallVector<BasicBlock *, 4> Latches;
  L.getLoopLatches(Latches);
  return all_of(Latches, [&](const BasicBlock *Latch) { return Dominators.dominates(B, Latch); });
}

bool isEventLoop(const Loop &L, const SmallPtrSetImpl<const BasicBlock *> &Returning, const LoopInfo &Loops,
                 const DominatorTree &Dominators, const Callees &C) {
  bool Works = false, Waits = false;
  for (const BasicBlock *B : L.blocks())
    for (const Instruction &I : *B) {
      const auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || isa<IntrinsicInst>(Call) || Call->isInlineAsm())
        continue;
      Works |= Callees::isWork(*Call);
      Waits = Waits || (C.mayWait(*Call) && onEveryTurn(B, L, Loops, Dominators));
    }
  if (!Works)
    return false;
  if (!Returning.contains(L.getHeader()))
    return true;
  if (counts(L))
    return false;
  SmallVector<BasicBlock *, 4> Exiting;
  L.getExitingBlocks(Exiting);
  return Waits || any_of(Exiting, [&](const BasicBlock *B) { return testsFlag(*B, C); });
}

// The blocks from which the function can return.
SmallPtrSet<const BasicBlock *, 32> returningBlocks(const Function &F) {
  SmallPtrSet<const BasicBlock *, 32> Returning;
  SmallVector<const BasicBlock *, 32> Work;
  for (const BasicBlock &B : F)
    if (isa<ReturnInst>(B.getTerminator()) && Returning.insert(&B).second)
      Work.push_back(&B);
  while (!Work.empty())
    for (const BasicBlock *P : predecessors(Work.pop_back_val()))
      if (Returning.insert(P).second)
        Work.push_back(P);
  return Returning;
}

} // namespace

Callees::Callees(Module &M) {
  // Callers of each definition, then closed over them.
  DenseMap<const Function *, SmallVector<const Function *, 4>> Callers;
  SmallVector<const Function *, 32> NewlyWaiting, NewlyFlag;
  for (const Function &F : M) {
    bool Small = isSmall(F);
    for (const Instruction &I : instructions(F)) {
      if (const auto *Call = dyn_cast<CallBase>(&I)) {
        if (const Function *Callee = definition(*Call))
          Callers[Callee].push_back(&F);
        else if (Call->getCalledFunction() && isWaitingName(Call->getCalledFunction()->getName()) &&
                 Waiting.insert(&F).second)
          NewlyWaiting.push_back(&F);
      } else if (Small && isa<LoadInst>(I) && (I.isAtomic() || I.isVolatile()) && Flags.insert(&F).second) {
        NewlyFlag.push_back(&F);
      }
    }
  }
  while (!NewlyWaiting.empty())
    for (const Function *Caller : Callers.lookup(NewlyWaiting.pop_back_val()))
      if (Waiting.insert(Caller).second)
        NewlyWaiting.push_back(Caller);
  while (!NewlyFlag.empty())
    for (const Function *Caller : Callers.lookup(NewlyFlag.pop_back_val()))
      if (isSmall(*Caller) && Flags.insert(Caller).second)
        NewlyFlag.push_back(Caller);
}

bool Callees::mayWait(const CallBase &Call) const {
  const Function *F = Call.getCalledFunction();
  return F && (F->isDeclaration() ? isWaitingName(F->getName()) : Waiting.contains(F));
}

bool Callees::readsFlag(const CallBase &Call) const {
  const Function *F = definition(Call);
  return F && Flags.contains(F);
}

bool Callees::isWork(const CallBase &Call) {
  const Function *F = Call.getCalledFunction();
  return !F || (!isWaitingName(F->getName()) && F->getName() != "__errno_location");
}

SmallVector<BasicBlock *, 2> findEventLoops(Function &F, const LoopInfo &Loops, const DominatorTree &Dominators,
                                            const Callees &C) {
  SmallVector<BasicBlock *, 2> Headers;
  if (Loops.empty())
    return Headers;
  auto Returning = returningBlocks(F);
  DenseSet<const BasicBlock *> Chosen;
  SmallVector<const Loop *, 8> Work(Loops.begin(), Loops.end());
  while (!Work.empty()) {
    const Loop *L = Work.pop_back_val();
    if (isEventLoop(*L, Returning, Loops, Dominators, C))
      Chosen.insert(L->getHeader());
    else
      Work.append(L->begin(), L->end());
  }
  for (BasicBlock &B : F)
    if (Chosen.contains(&B))
      Headers.push_back(&B);
  return Headers;
}

} // namespace wfp
