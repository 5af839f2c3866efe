// A function that never returns holds its thread in old code for ever, if it is changed.  So the body of an event loop
// becomes a function of its own, with a sled and a record, and what stays on the stack is a shell:
//
//     void *worker(void *arg) {                   worker:        vars = {arg, ...}; objects = {...}
//       struct state s = init(arg);               turn:          next = worker.loop(&vars, &objects)
//       for (;;) { wait(); handle(&s); }    =>                   [poll]
//     }                                                          if (next == 0) goto turn
//
// A fix inside the loop changes worker.loop, and reaches the thread with its next turn.
//
// It runs before the first optimisation: on what the source says, so that neither inlining nor a clever pass decides
// whether shell or body is touched by a change.  If the shell is inlined into its caller, that is the shell.
//
// The name tells what body and shell have agreed on (LoopFrame.h): "worker.loop.h" and eight digits.  A version in
// which the loop carries other variables has a body of another name, which an old shell cannot call by mistake.
//
// Event loops within event loops (a reconnecting client) are outlined from the body in turn.
#include "plugin/EventLoops.h"
#include "plugin/LoopBody.h"
#include "plugin/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/EHPersonalities.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {
namespace {

// Of C++, and of C's clean-ups.  Those of other languages were not tried.
bool isItanium(EHPersonality P) { return P == EHPersonality::GNU_CXX || P == EHPersonality::GNU_C; }

// Why no loop of the function can be outlined, or nothing.
const char *whyNotOutlined(const Function &F) {
  if (F.isPresplitCoroutine())
    return "the function is a coroutine";
  if (F.hasFnAttribute(Attribute::Naked))
    return "the function is naked";
  if (F.hasPersonalityFn() && !isItanium(classifyEHPersonality(F.getPersonalityFn())))
    return "of its exceptions' personality";
  if (F.hasComdat())
    return "the function is shared with other units";
  for (const Instruction &I : instructions(F))
    if (const auto *Call = dyn_cast<CallBase>(&I))
      if (Call->hasFnAttr(Attribute::ReturnsTwice) ||
          (Call->getCalledFunction() && Call->getCalledFunction()->hasFnAttribute(Attribute::ReturnsTwice)))
        return "the function calls setjmp or the like";
  return nullptr;
}

class Outliner {
public:
  Outliner(const Callees &C, const LocalNames &Names) : C(C), Names(Names) {}

  // F's event loops, and those in their bodies.  Their names begin with Stem: "worker.loop.h1234abcd" is made of
  // `worker`, "worker.loop2.h..." of its second loop, "worker.loop.loop.h..." of a loop in the first one's body.
  void run(Function &F, const std::string &Stem) {
    DominatorTree Dominators(F);
    LoopInfo Loops(Dominators);
    SmallVector<BasicBlock *, 2> Headers = findEventLoops(F, Loops, Dominators, C);
    if (Headers.empty())
      return;
    SmallVector<DebugLoc, 2> Places; // known now: loops move away while they are outlined
    for (BasicBlock *Header : Headers)
      Places.push_back(Loops.getLoopFor(Header)->getStartLoc());
    const char *Why = whyNotOutlined(F);
    if (!Why)
      declareVariables(F);
    SmallVector<std::pair<Function *, std::string>, 2> Bodies;
    for (unsigned I = 0; I < Headers.size(); ++I) {
      std::string Name = Stem + ".loop" + (I ? std::to_string(I + 1) : "");
      Function *Body = nullptr;
      if (const char *Reason = Why ? Why : outline(F, Headers[I], Headers, Name, Body); Reason)
        remark(F, Headers[I], Places[I], Reason);
      else
        Bodies.push_back({Body, Name});
    }
    for (auto &[Body, Name] : Bodies)
      run(*Body, Name);
  }

private:
  const char *outline(Function &F, BasicBlock *Header, ArrayRef<BasicBlock *> Headers, const std::string &Stem,
                      Function *&Body) {
    if (const char *Why = whyNotMovable(findRegion(F, Header, Headers)); Why)
      return Why;
    if (const char *Why = isolateRegion(F, Header, Headers))
      return Why;
    LoopRegion R = findRegion(F, Header, Headers);
    if (const char *Why = whyNotMovable(R))
      return Why;
    LoopVariables V = classifyVariables(F, R, Names);
    std::string Name = Stem + ".h" + utohexstr(interfaceHash(V, R, Names), /*LowerCase=*/true, /*Width=*/8);
    if (F.getParent()->getNamedValue(Name))
      return "the name of its body is taken";
    Body = makeLoopBody(F, R, V, Name);
    OptimizationRemarkEmitter(&F).emit([&] {
      return OptimizationRemark("wfpatch", "LoopBody", Body) << "the loop's body is " << ore::NV("Body", Body);
    });
    return nullptr;
  }

  void remark(Function &F, BasicBlock *Header, const DebugLoc &Where, const char *Why) {
    OptimizationRemarkEmitter(&F).emit([&] {
      return OptimizationRemarkMissed("wfpatch", "LoopBody", Where, Header)
             << "the event loop's body stays in " << ore::NV("Function", &F) << ", because " << Why;
    });
  }

  const Callees &C;
  const LocalNames &Names;
};

} // namespace

PreservedAnalyses OutlinePass::run(Module &M, ModuleAnalysisManager &) {
  if (!U->OutlineLoops || !shouldRun(M, *U))
    return PreservedAnalyses::all();
  LocalNames Names = takeLocalNames(M);
  Callees C(M);
  Outliner O(C, Names);
  SmallVector<Function *, 64> Functions;
  for (Function &F : M)
    if (!F.isDeclaration() && !F.hasAvailableExternallyLinkage())
      Functions.push_back(&F);
  for (Function *F : Functions)
    O.run(*F, F->getName().str());
  return PreservedAnalyses::none();
}

PreservedAnalyses SealPass::run(Module &M, ModuleAnalysisManager &) {
  for (Function &F : M)
    if (F.hasFnAttribute(kLoopBodyAttribute) && F.hasWeakAnyLinkage())
      F.setLinkage(F.hasComdat() ? GlobalValue::LinkOnceODRLinkage : GlobalValue::InternalLinkage);
  for (Function &F : M)
    if (F.hasFnAttribute(kLoopBodyAttribute) && F.hasLocalLinkage())
      F.setVisibility(GlobalValue::DefaultVisibility);
  return PreservedAnalyses::none();
}

} // namespace wfp
