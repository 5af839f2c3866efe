// Which piece of NEW is which piece of OLD.
#pragma once

#include "diff-tool/session.h"

namespace wfdiff {

// Within one unit.  Afterwards Match holds for functions, parts and named data.
Correlation correlate(const Object &Old, const Object &New);

// Across units: a function or variable with linkage that moved from one unit to another.
void correlateMoved(Session &S);

// The name without what the compiler numbers: `f.123`, `f.llvm.456`, `x.1.2`; lambdas without their ordinal.
std::string baseName(llvm::StringRef Name, bool Local);

// True for names whose number depends on what else the function holds: closures.
bool isNumbered(llvm::StringRef Name);

} // namespace wfdiff
