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

// Clang's AST, as templates, so that the passes need no clang header: getTagDeclType until LLVM 21;
template <typename Context, typename Decl> auto tagType(const Context &C, const Decl *D) {
  if constexpr (requires { C.getCanonicalTagType(D); })
    return C.getCanonicalTagType(D);
  else
    return C.getTagDeclType(D);
}

// getBitWidthValue needed the context until LLVM 19.
template <typename Context, typename Field> unsigned bitWidth(const Context &C, const Field *F) {
  if constexpr (requires { F->getBitWidthValue(); })
    return F->getBitWidthValue();
  else
    return F->getBitWidthValue(C);
}

} // namespace wfp
