// What a symbol is called apart from what the compiler numbers, and apart from its linkage.
#pragma once

#include "diff-tool/unit_info.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace wfdiff {

// The name without what the compiler numbers: `f.123`, `f.llvm.456`, `x.1.2`; lambdas and nameless types without their
// ordinal; entities of a function (`static int n` in two blocks of it) without the discriminator that keeps them apart.
std::string baseName(llvm::StringRef Name, bool Local);

// Name with `#` for the number in each of the identifiers, where it is made of them: `f.calls_52`, `_ZZ1fvE8calls_52`.  Number is set to
// that of the last one that was found, which tells it from others of the same text.
std::string withoutLineNumbers(std::string Name, const std::vector<NumberedName> &Identifiers, uint64_t &Number);

// True for names whose number depends on what else the function holds: closures and nameless types.
bool isNumbered(llvm::StringRef Name);

// How the symbol would be called if it had external linkage: `_ZL5total` -> `total`, `_ZN1aL1fEv` -> `_ZN1a1fEv`.
std::string externalName(llvm::StringRef Name);

// `_ZGVZ1fvE1n`, which tells whether `_ZZ1fvE1n` has been initialised -> `_ZZ1fvE1n`; else "".
std::string guardedBy(llvm::StringRef Guard);
// What initialises the thread-local `n`: `_ZTH1n`.
std::string initialisationOf(llvm::StringRef Variable);
// The reverse of guardedBy().
std::string guardOf(llvm::StringRef Variable);

} // namespace wfdiff
