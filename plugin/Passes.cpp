// The pipeline.  At its start storage is pinned down, and event loops are taken apart where that is asked for; at its
// end, when the optimiser is through, everything else happens: what it put into functions before that would only be in
// the optimiser's way.
//
// Dead code and duplicate constants go before the records are made: a record refers to what it describes, and would
// keep it.  The passes that clang adds behind this point (sanitizers, global DCE) leave what they find here in place,
// since the records are in llvm.compiler.used.
#include "plugin/Passes.h"

#include "plugin/LLVMCompat.h"

#include "llvm/IR/Module.h"
#include "llvm/Transforms/IPO/ConstantMerge.h"
#include "llvm/Transforms/IPO/ElimAvailExtern.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace llvm;

namespace wfp {

bool shouldRun(const Module &M, const Unit &U) {
  return !M.getModuleFlag(kDoneFlag) && (U.hasFrontEnd() || !M.getModuleFlag(kFrontEndFlag));
}

static void addLastPasses(ModulePassManager &MPM, const UnitPtr &U) {
  MPM.addPass(QuiescencePass(U));
  MPM.addPass(SledPass(U));
  MPM.addPass(RecordsPass(U));
}

void registerPasses(PassBuilder &PB, UnitPtr U) {
  PB.registerPipelineStartEPCallback(
      [U](ModulePassManager &MPM, OptimizationLevel) {
        MPM.addPass(PreparePass(U));
        if (U->OutlineLoops)
          MPM.addPass(OutlinePass(U));
      });
  registerOptimizerLast(PB, [U](ModulePassManager &MPM, OptimizationLevel Level) {
    if (U->OutlineLoops)
      MPM.addPass(SealPass());
    if (Level != OptimizationLevel::O0) {
      MPM.addPass(GlobalDCEPass());
      MPM.addPass(ConstantMergePass());
    }
    addLastPasses(MPM, U);
  });
  PB.registerPipelineParsingCallback(
      [U](StringRef Name, ModulePassManager &MPM, ArrayRef<PassBuilder::PipelineElement>) {
        if (Name == "wfpatch-prepare")
          MPM.addPass(PreparePass(U));
        else if (Name == "wfpatch-outline")
          MPM.addPass(OutlinePass(U));
        else if (Name == "wfpatch-seal")
          MPM.addPass(SealPass());
        else if (Name == "wfpatch-quiescence")
          MPM.addPass(QuiescencePass(U));
        else if (Name == "wfpatch-sled")
          MPM.addPass(SledPass(U));
        else if (Name == "wfpatch-records")
          MPM.addPass(RecordsPass(U));
        else if (Name == "wfpatch")
          addLastPasses(MPM, U);
        else
          return false;
        return true;
      });
}

} // namespace wfp
