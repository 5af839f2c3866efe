// A walk over the frames of a stack, from the innermost to the first: the precise answer to whether an affected
// function is active.
//
// It can be interrupted and taken up again, as long as the stack has not changed in between (a parked thread's).  It
// trusts unwind information no further than it must: a walk that meets a return address without a rule, or a frame that
// does not lie above the one before, is lost, and the part of the stack from the last frame with a good rule on is left
// to the conservative scan.
#pragma once

#include "runtime/src/frame_rule.h"
#include "runtime/src/stack_check.h"

namespace wfp {

struct FrameWalk {
  Registers frame;
  // Below it every frame was found, and none is active: where a scan begins when the walk is lost.
  std::uintptr_t checked;
};

enum class WalkEnd {
  kClear,  // all frames were found, none is active
  kActive, // walk.frame.pc returns into one
  kLost,   // the frame at walk.frame has no rule, or a wrong one
  kTired,  // `budget` frames were walked: go on later
};

// `rules(pc, rule)` finds the rule of a return address, `words(address, value)` reads a word of the stack.
template <typename Rules, typename Words>
WalkEnd walk_frames(FrameWalk &walk, const Transition &transition, std::uintptr_t top, std::size_t budget,
                    Rules &&rules, Words &&words, const AffectedRange *&active) {
  for (; budget; --budget) {
    active = active_call(transition, walk.frame.pc);
    if (active)
      return WalkEnd::kActive;
    FrameRule rule;
    if (!rules(walk.frame.pc, rule) || rule.kind == FrameRule::kUnknown)
      return WalkEnd::kLost;
    // A rule that is wrong shows, if at all, by the return address that it leads to: until the next one has been found
    // to be good, the frame before counts as unchecked.
    std::uintptr_t checked = walk.frame.sp;
    switch (step_to_caller(rule, walk.frame, top, words)) {
    case FrameStep::kEnd:
      return WalkEnd::kClear;
    case FrameStep::kFailed:
      return WalkEnd::kLost;
    case FrameStep::kWalked:
      walk.checked = checked;
    }
  }
  return WalkEnd::kTired;
}

} // namespace wfp
