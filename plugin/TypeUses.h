// Walks the functions that the unit emits, for the types whose layout they use and for the line numbers in their code.
#pragma once

#include "plugin/Layouts.h"

#include "llvm/ADT/StringSet.h"

namespace wfp {

// An expansion of __LINE__ that became code.
struct LineUse {
  std::string Function; // mangled
  unsigned Ordinal;     // within Function
  unsigned Line;
};

// Emitted: the assembler names of the functions and variables that are in the module.
void collectUses(clang::ASTContext &Ctx, const llvm::StringSet<> &Emitted, LayoutTable &Layouts,
                 std::vector<LineUse> &Lines);

} // namespace wfp
