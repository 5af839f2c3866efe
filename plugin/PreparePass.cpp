// Storage that stays.
//
// An update binds to the variables of the running program by name.  GlobalOpt splits a local struct into its fields,
// shrinks an int that only ever holds two values to a bool, makes a variable that nobody writes a constant, and deletes
// one that nobody reads: the next version, which uses the variable in another way, would then bind to something else.
// Hence every variable with local linkage that is not constant enters llvm.compiler.used before the first
// optimisation.  Code that uses the variables is optimised as ever, and the linker may still drop them.
//
// Closures' marks are taken out before anything else looks at the module.
//
// UndefinedBehaviorSanitizer describes each check to its run-time by a private variable without a name: where it is, then the
// types.  The run-time writes into it that the check has been reported.  It gets a name, which ends up in the name of its
// section, so that wfdiff can tell it from data of the program.
//
// Coroutines get a mark here because they cannot be told from other functions once they are split.
#include "plugin/Passes.h"

#include "format/records.h"

#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace wfp {

// {file, line, column}
static bool isSourceLocation(const Type *T) {
  const auto *S = dyn_cast<StructType>(T);
  return S && S->getNumElements() == 3 && S->getElementType(0)->isPointerTy() && S->getElementType(1)->isIntegerTy(32) &&
         S->getElementType(2)->isIntegerTy(32);
}

static bool isCheckDescription(const GlobalVariable &V) {
  if (!V.hasPrivateLinkage() || V.hasName() || V.isConstant() || V.hasSection() || V.isThreadLocal())
    return false;
  const auto *S = dyn_cast<StructType>(V.getValueType());
  return S && S->getNumElements() > 0 && (isSourceLocation(S) || isSourceLocation(S->getElementType(0)));
}

PreservedAnalyses PreparePass::run(Module &M, ModuleAnalysisManager &) {
  SmallVector<GlobalValue *, 32> Stay;
  for (GlobalVariable &V : M.globals())
    if (V.hasInternalLinkage() && !V.isConstant() && !V.getName().starts_with("llvm."))
      Stay.push_back(&V);
  if (!Stay.empty())
    appendToCompilerUsed(M, Stay);
  for (GlobalVariable &V : M.globals())
    if (isCheckDescription(V))
      V.setName(format::kCheckName);
  for (Function &F : M)
    if (F.isPresplitCoroutine())
      F.addFnAttr(kCoroutineAttribute);
  if (U->hasFrontEnd() && !M.getModuleFlag(kFrontEndFlag))
    M.addModuleFlag(Module::Max, kFrontEndFlag, 1);
  ClosureNames Closures = takeClosureNames(M);
  if (U->DescribeSource)
    U->SourceInfo = U->DescribeSource(M, Closures);
  return PreservedAnalyses::none();
}

} // namespace wfp
