#include "plugin/LocalNames.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {

static StringRef annotation(const CallBase &Call) {
  const auto *Text = dyn_cast<GlobalVariable>(Call.getArgOperand(1)->stripPointerCasts());
  if (!Text || !Text->hasInitializer())
    return {};
  const auto *Data = dyn_cast<ConstantDataSequential>(Text->getInitializer());
  return Data && Data->isCString() ? Data->getAsCString() : StringRef();
}

LocalNames takeLocalNames(Module &M) {
  LocalNames Names;
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (isa<AllocaInst>(I) && I.hasName())
        Names[cast<AllocaInst>(&I)] = I.getName();
  SmallPtrSet<GlobalVariable *, 16> Strings;
  for (Function &F : M) {
    if (F.getIntrinsicID() != Intrinsic::var_annotation)
      continue;
    for (User *U : make_early_inc_range(F.users())) {
      auto *Call = cast<CallBase>(U);
      StringRef Text = annotation(*Call);
      if (!Text.consume_front(kNamePrefix))
        continue;
      if (const auto *Variable = dyn_cast<AllocaInst>(Call->getArgOperand(0)->stripPointerCasts()))
        Names[Variable] = Text;
      for (Value *Operand : Call->args())
        if (auto *G = dyn_cast<GlobalVariable>(Operand->stripPointerCasts()))
          Strings.insert(G);
      Call->eraseFromParent();
    }
  }
  for (GlobalVariable *G : Strings)
    if (G->use_empty() && G->hasPrivateLinkage())
      G->eraseFromParent();
  return Names;
}

} // namespace wfp
