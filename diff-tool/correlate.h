// Which piece of NEW is which piece of OLD.
#pragma once

#include "diff-tool/session.h"

namespace wfdiff {

// Within one unit.  Afterwards Match holds for functions, parts and named data.
Correlation correlate(const Object &Old, const Object &New, Decoder &Decode);

// Across units: a function or variable with linkage that moved from one unit to another.
void correlateMoved(Session &S);

} // namespace wfdiff
