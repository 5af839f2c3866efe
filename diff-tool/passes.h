// The passes of wfdiff, in the order of diff.cpp.
#pragma once

#include "diff-tool/session.h"

#include "llvm/Support/Error.h"

namespace wfdiff {

bool holdsIntermediateCode(const Object &O);

// Opens the inputs and reads every pair that is not equal byte by byte.
llvm::Error readUnits(Session &S);
// Reads a pair that was skipped because it is equal, since some name of it matters after all.
llvm::Error loadUnit(Session &S, uint32_t Unit);
// The same for every unit that defines `Name`, a name with linkage; that defines it or refers to it; for one that defines it,
// unless a loaded one of NEW does.
llvm::Error loadUnitsThatDefine(Session &S, llvm::StringRef Name);
llvm::Error loadUnitsThatUse(Session &S, llvm::StringRef Name);
llvm::Error loadOneThatDefines(Session &S, llvm::StringRef Name);
// Whether any unit but `Except` defines `Name`, with linkage, or refers to it.
bool isUsed(Session &S, llvm::StringRef Name, const UnitPair *Except = nullptr);

// Fills Match, MovedFrom, MovedTo.
void correlateUnits(Session &S);
// Decides for each new function whether it is the same, replaced or added, and which old ones are removed.
llvm::Error compareUnits(Session &S);
// Adds what changed functions need.
llvm::Error closeOver(Session &S);
// Collects refusals and remarks.
llvm::Error checkAll(Session &S);
// True if there is nothing to write: no affected function, no new code or data.
bool isUnchanged(const Session &S);
// The update's bytes, its digest included.
llvm::Expected<std::vector<uint8_t>> writeUpdate(Session &S);
// Atomically: a temporary file beside `Path`, then rename.
llvm::Error writeFile(const std::string &Path, llvm::ArrayRef<uint8_t> Bytes);

} // namespace wfdiff
