// Names of automatic variables, from the source to the passes: clang drops them when it makes IR.
#pragma once

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace clang {
class ASTContext;
class Decl;
} // namespace clang

namespace llvm {
class AllocaInst;
class Module;
} // namespace llvm

namespace wfp {

// What the front end annotates variables with, before their names.
inline constexpr llvm::StringLiteral kNamePrefix = "wfpatch-local:";

// Marks the automatic variables that D declares, and parameters of functions that it defines.  Before CodeGen sees D.
void annotateLocals(clang::ASTContext &Ctx, clang::Decl *D);

using LocalNames = llvm::DenseMap<const llvm::AllocaInst *, std::string>;

// Takes these annotations out of M.  In IR that no front end has marked, variables have the names that the IR gives
// them.
LocalNames takeLocalNames(llvm::Module &M);

} // namespace wfp
