#include "runtime/src/stack_check.h"

namespace wfp {

namespace {
// The last range that begins at or before `address`, if it contains it.  Ranges of distinct functions do not overlap, except
// for a range's end and the next one's begin.
const AffectedRange *containing(const Transition &transition, std::uintptr_t address) {
  std::uint32_t low = 0, high = transition.count;
  while (low < high) {
    std::uint32_t middle = low + (high - low) / 2;
    if (transition.ranges[middle].code.begin <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return nullptr;
  const AffectedRange &range = transition.ranges[low - 1];
  return address <= range.code.end ? &range : nullptr;
}
} // namespace

// Reads words that the compiler, or a sanitizer, would call out of bounds: the frames of the callers.
__attribute__((no_sanitize("address", "thread", "undefined"))) const AffectedRange *
find_active(const Transition &transition, const std::uintptr_t *begin, const std::uintptr_t *end) {
  const std::uintptr_t low = transition.low, span = transition.high - transition.low;
  if (transition.count == 0)
    return nullptr;
  for (const std::uintptr_t *word = begin; word < end; ++word) {
    if (*word - low > span)
      continue;
    if (const AffectedRange *hit = containing(transition, *word))
      return hit;
  }
  return nullptr;
}

} // namespace wfp
