// `__LINE__`: a line inserted above an assert changes a number in the code, and nothing else.
//
// A pair counts in every function of the unit, since the one that expanded __LINE__ may be inlined anywhere (in memcached's
// items.c into three others, with linkage and without).  The price: an edit of a constant goes unseen if it turns exactly
// the old line of some expansion into exactly its new line, and the compiler loads that constant as 32 bits.
//
// Macros also make strings of it: "src/server.c:123" for an allocator to remember (Samba) or a failed check to say (Node.js).
// Code that stays goes on telling the line that it had, as it does with numbers.
#pragma once

#include "diff-tool/unit_info.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <set>
#include <utility>

namespace wfdiff {

// (line in OLD, line in NEW) of every expansion of __LINE__ that both units hold at the same place: same function, same
// ordinal, and as many of them in that function.  Where a function gained or lost one, nothing is aligned for it.
std::set<std::pair<int64_t, int64_t>> linePairs(const UnitInfo &Old, const UnitInfo &New);

// Where the 32-bit operand of an instruction begins that loads, pushes or stores a constant, as a line number is; 0 for other
// instructions: a displacement, a comparison and arithmetic are never taken for one.
uint64_t lineOperand(llvm::ArrayRef<uint8_t> Instruction);

// Whether nothing differs in two strings but the number in "path/FILE:123", where FILE is what the unit was compiled
// from or a header that declares a type that it uses.
bool differInLineOnly(llvm::StringRef Old, llvm::StringRef New, const UnitInfo &Unit);

} // namespace wfdiff
