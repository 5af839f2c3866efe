// What functions are called with.  C++ has it in their names; the plugin tells it of C's functions.
#pragma once

#include "diff-tool/session.h"

namespace wfdiff {

// RESULT(PARAMETER,...), see docs/formats.md; empty if it is not known.
llvm::StringRef signatureOf(const UnitInfo &Info, llvm::StringRef Function);
bool signatureChanged(const UnitPair &U, uint32_t OldPiece);
// Callers change with a function's signature: they must be in sight.
void checkSignatures(Session &S, const UnitPair &U);

} // namespace wfdiff
