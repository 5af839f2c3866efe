#include "plugin/Passes.h"
using namespace llvm;
namespace wfp {
PreservedAnalyses QuiescencePass::run(Module &M, ModuleAnalysisManager &MAM) { return PreservedAnalyses::all(); }
} // namespace wfp
