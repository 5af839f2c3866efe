#include "runtime/src/stack_check.h"

#include "runtime/src/frame_rules.h"
#include "runtime/src/frame_walk.h"

namespace wfp {

namespace {
// What a thread does in one look: words to scan, and frames to walk; each some tens of microseconds.
constexpr std::size_t kScannedBytes = 256 * 1024;
constexpr std::size_t kWalkedFrames = 4096;

// The last range that begins at or before `address`.  Ranges of distinct functions do not overlap, except for a range's
// end and the next one's begin.
const AffectedRange *beginning_before(const Transition &transition, std::uintptr_t address) {
  std::uint32_t low = 0, high = transition.count;
  while (low < high) {
    std::uint32_t middle = low + (high - low) / 2;
    if (transition.ranges[middle].code.begin <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? &transition.ranges[low - 1] : nullptr;
}

const AffectedRange *containing(const Transition &transition, std::uintptr_t address) {
  const AffectedRange *range = beginning_before(transition, address);
  return range && address <= range->code.end ? range : nullptr;
}

const std::uintptr_t *as_words(std::uintptr_t address) { return reinterpret_cast<const std::uintptr_t *>(address); }

// As find_active: a word of the callers' frames.
__attribute__((no_sanitize("address", "thread", "undefined"))) bool own_word(std::uintptr_t address,
                                                                             std::uintptr_t &value) {
  value = *as_words(address);
  return true;
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

const AffectedRange *active_call(const Transition &transition, std::uintptr_t pc) {
  const AffectedRange *range = beginning_before(transition, pc - 1);
  return range && pc - 1 < range->code.end ? range : nullptr;
}

OwnStackLook look_at_own_stack(const Transition &transition, std::uintptr_t sp, std::uintptr_t fp, std::uintptr_t top,
                               Registers &missing_frame) {
  OwnStackLook look{false, nullptr, 0, 0};
  // A big stack is seldom one of many frames: the walk alone may do.
  const bool small = top - sp <= kScannedBytes;
  if (small) {
    const AffectedRange *hit = find_active(transition, as_words(sp), as_words(top));
    if (!hit)
      return {true, nullptr, 0, 0};
    look.held_by = hit->function;
  } else {
    look.held_by = kStackTooDeep;
  }

  std::uintptr_t pc = 0;
  own_word(sp, pc);
  FrameWalk walk{{pc, sp + sizeof(std::uintptr_t), fp, true}, sp};
  const AffectedRange *active = nullptr;
  bool no_rule = false;
  auto rules = [&](std::uintptr_t pc, FrameRule &rule) {
    no_rule = !known_frame_rule(pc, rule);
    return !no_rule;
  };
  switch (walk_frames(walk, transition, top, kWalkedFrames, rules, own_word, active)) {
  case WalkEnd::kClear:
    return {true, nullptr, 0, 0};
  case WalkEnd::kActive:
    return {false, active->function, walk.frame.sp - sizeof(std::uintptr_t), 0};
  case WalkEnd::kTired:
    return look;
  case WalkEnd::kLost:
    break;
  }
  if (no_rule) {
    missing_frame = walk.frame;
    look.missing = walk.frame.pc;
  }
  if (walk.checked > sp && top - walk.checked <= kScannedBytes) {
    const AffectedRange *hit = find_active(transition, as_words(walk.checked), as_words(top));
    look.clear = !hit;
    look.held_by = hit ? hit->function : nullptr;
  }
  return look;
}

} // namespace wfp
