// The same passes for `opt` (and for clang's -fpass-plugin, where a compilation has no front end: -x ir, -save-temps).
#include "plugin/LLVMCompat.h"
#include "plugin/Passes.h"

#include "llvm/Support/CommandLine.h"

static llvm::cl::opt<std::string> Quiescence("wfpatch-quiescence",
                                             llvm::cl::desc("Where quiescence points come from: auto or explicit"),
                                             llvm::cl::init("auto"));

static llvm::cl::opt<std::string> EventLoops("wfpatch-event-loops",
                                             llvm::cl::desc("Bodies of event loops: outline or keep"),
                                             llvm::cl::init("keep"));

extern "C" LLVM_ATTRIBUTE_WEAK llvm::PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {.APIVersion = LLVM_PLUGIN_API_VERSION,
          .PluginName = "wfpatch",
          .PluginVersion = "1",
          .RegisterPassBuilderCallbacks = [](llvm::PassBuilder &PB) {
            auto U = std::make_shared<wfp::Unit>();
            U->Compiler = "LLVM " LLVM_VERSION_STRING;
            U->LoopPolls = Quiescence == "auto";
            U->OutlineLoops = EventLoops == "outline";
            wfp::registerPasses(PB, std::move(U));
          }};
}
