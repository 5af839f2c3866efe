// Everything in which the supported LLVM versions (19 and 22) differ, and the check that the host is the one we were
// built for.  No other file of the plugin looks at LLVM_VERSION_MAJOR.
#pragma once

#include "llvm/Config/llvm-config.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"

#if LLVM_VERSION_MAJOR >= 22
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif

namespace wfp {

// OptimizerLast callbacks gained a third parameter in LLVM 20.
template <typename AddPasses> void registerOptimizerLast(llvm::PassBuilder &PB, AddPasses Add) {
  PB.registerOptimizerLastEPCallback([Add](llvm::ModulePassManager &MPM, llvm::OptimizationLevel Level, auto...) {
    Add(MPM, Level);
  });
}

} // namespace wfp
