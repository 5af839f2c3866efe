// `__LINE__`: a line inserted above an assert changes a number in the code, and nothing else.
#pragma once

#include "diff-tool/unit_info.h"

#include <set>
#include <utility>

namespace wfdiff {

// (line in OLD, line in NEW) of every expansion of __LINE__ that both units hold at the same place: same function, same
// ordinal, and as many of them in that function.  Where a function gained or lost one, nothing is aligned for it.
std::set<std::pair<int64_t, int64_t>> linePairs(const UnitInfo &Old, const UnitInfo &New);

} // namespace wfdiff
