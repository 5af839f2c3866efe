// What the assembler calls each lambda's function, from CodeGen to the front end's description of the unit.
//
// Where the C++ ABI does not say how to number closures (those that no other unit can name: `f()::$_0`), clang numbers
// them in the order in which it happens to need their names, each of its manglers by itself.  So the number that
// CodeGen gave to a closure cannot be computed again, and is read off the module instead.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>
#include <vector>

namespace clang {
class ASTContext;
class LambdaExpr;
} // namespace clang

namespace llvm {
class Module;
} // namespace llvm

namespace wfp {

// What the front end annotates a closure's functions with, before its number.
inline constexpr llvm::StringLiteral kClosurePrefix = "wfpatch-closure:";

// Numbers the lambdas of the unit in the order of the source, those of instantiations too, and marks their functions.
// Before CodeGen emits them: it does so at the end of the unit.
std::vector<const clang::LambdaExpr *> annotateClosures(clang::ASTContext &Ctx);

// Takes these annotations out of M: number -> names of functions.
using ClosureNames = std::multimap<unsigned, std::string>;
ClosureNames takeClosureNames(llvm::Module &M);

} // namespace wfp
