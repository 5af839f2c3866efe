#include "runtime/src/parked_check.h"

#include "runtime/src/frame_rules.h"
#include "runtime/src/frame_walk.h"
#include "runtime/src/proc.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/stack_check.h"

#include <cstring>

namespace wfp {

namespace {

// Up to this size a stack is scanned before it is walked: that is cheaper, and mostly enough.
constexpr std::size_t kSmallStack = 256 * 1024;

// What a round does of deep stacks: some milliseconds.
constexpr std::size_t kRoundBytes = 8u << 20;
constexpr std::size_t kRoundFrames = 1u << 16;
constexpr std::size_t kWantedFrames = 4096, kWantedRules = 512;

std::size_t bytes_left, frames_left;
bool unfinished;

constexpr std::size_t kPieceWords = 8192;
std::uintptr_t piece[kPieceWords];

using Check = ThreadRecord::ParkedCheck;

// Words of a stack, copied in pieces as a walk upwards wants them.
class StackCopy {
public:
  StackCopy(std::uintptr_t low, std::uintptr_t top) : low_(low), top_(top) {}
  bool operator()(std::uintptr_t address, std::uintptr_t &value) {
    if (address < begin_ || address >= end_) {
      // A frame's words are not read in the order of their addresses.
      begin_ = address - low_ > kBelow ? address - kBelow : low_;
      std::size_t size = top_ - begin_ < kBytes ? (top_ - begin_) & ~std::size_t{7} : kBytes;
      end_ = begin_ + size;
      if (address < low_ || address >= end_ || !read_memory(begin_, words_, size)) {
        end_ = begin_;
        return false;
      }
    }
    std::memcpy(&value, reinterpret_cast<const char *>(words_) + (address - begin_), sizeof value);
    return true;
  }

private:
  static constexpr std::size_t kBytes = 8192, kBelow = 512;
  std::uintptr_t low_, top_, begin_ = 0, end_ = 0;
  std::uintptr_t words_[kBytes / sizeof(std::uintptr_t)];
};

// Bounds of the stack of a thread that the runtime has not seen start: those of the mapping that its stack pointer is
// in.
bool find_stack(ThreadRecord &record, std::uintptr_t sp) {
  std::uintptr_t low, high;
  if (!find_mapping(sp, low, high))
    return false;
  record.stack_low.store(low, std::memory_order_relaxed);
  record.stack_top.store(high, std::memory_order_relaxed);
  return true;
}

enum class Scan { kClear, kActive, kTired, kUnreadable };

// Scans from `at` on, which moves along, to `top`, at most `budget` bytes.
Scan scan(const Transition &transition, std::uintptr_t &at, std::uintptr_t top, std::size_t &budget,
          const AffectedRange *&active) {
  while (top - at >= sizeof(std::uintptr_t)) {
    if (budget == 0)
      return Scan::kTired;
    std::size_t size = top - at < sizeof(piece) ? (top - at) & ~std::size_t{7} : sizeof(piece);
    if (!read_memory(at, piece, size)) // the thread may have ended, and its stack with it
      return Scan::kUnreadable;
    active = find_active(transition, piece, piece + size / sizeof(std::uintptr_t));
    if (active)
      return Scan::kActive;
    at += size;
    budget -= budget < size ? budget : size;
  }
  return Scan::kClear;
}

// Where a walk begins: the frame that the thread parked in.
bool begin_walk(const ThreadRecord &record, std::uintptr_t sp, std::uintptr_t form, StackCopy &words, FrameWalk &walk) {
  walk.checked = sp;
  walk.frame.fp_known = true;
  if (form == park_form::kFrame) {
    walk.frame.sp = sp + 2 * sizeof(std::uintptr_t);
    return words(sp, walk.frame.fp) && words(sp + sizeof(std::uintptr_t), walk.frame.pc);
  }
  walk.frame.sp = sp + sizeof(std::uintptr_t);
  walk.frame.fp = record.park_fp.load(std::memory_order_relaxed);
  return form == park_form::kCall && words(sp, walk.frame.pc);
}

void save(Check &check, const FrameWalk &walk) {
  check.pc = walk.frame.pc;
  check.sp = walk.frame.sp;
  check.fp = walk.frame.fp;
  check.fp_known = walk.frame.fp_known;
  check.checked = walk.checked;
}

bool held(ThreadRecord &record, const char *function) {
  record.held_by.store(function, std::memory_order_relaxed);
  return false;
}

bool clear(ThreadRecord &record) {
  record.held_by.store(nullptr, std::memory_order_relaxed);
  return true;
}

} // namespace

void begin_check_round() {
  bytes_left = kRoundBytes;
  frames_left = kRoundFrames;
  unfinished = false;
}

bool check_round_unfinished() { return unfinished; }

bool parked_stack_is_quiescent(ThreadRecord &record, std::uint64_t seen, const Publication &publication) {
  const Transition &transition = publication.from[state::view(seen)];
  const std::uintptr_t park_sp = record.park_sp.load(std::memory_order_relaxed);
  const std::uintptr_t sp = park_sp & ~park_form::kMask, form = park_sp & park_form::kMask;
  if (!record.stack_top.load(std::memory_order_relaxed) && !find_stack(record, sp))
    return false;
  const std::uintptr_t top = record.stack_top.load(std::memory_order_relaxed);
  // Nothing of the program is on it yet: its thread stopped at a barrier when it was born (thread_birth.cpp), or nobody has run on it.
  if (sp == top && (form == park_form::kCall || record.own_stack.load(std::memory_order_relaxed)))
    return clear(record);
  if (sp < record.stack_low.load(std::memory_order_relaxed) || sp >= top)
    return held(record, kUnknownStack);

  Check &check = record.parked;
  if (check.state != seen || check.publication != publication.serial)
    check = {seen, publication.serial, Check::kNone, false, 0, 0, 0, 0};
  if (check.phase == Check::kHeld)
    return false;
  const bool small = top - sp <= kSmallStack;
  const AffectedRange *active = nullptr;
  StackCopy words(sp, top);

  if (check.phase == Check::kNone) {
    if (small) {
      std::size_t all = kSmallStack + sizeof(piece);
      std::uintptr_t at = sp;
      switch (scan(transition, at, top, all, active)) {
      case Scan::kClear:
        return clear(record);
      case Scan::kActive:
        held(record, active->function);
        break;
      default:
        return false;
      }
    }
    FrameWalk walk{};
    bool can_walk = begin_walk(record, sp, form, words, walk);
    if (!can_walk && small)
      return false;
    save(check, walk);
    check.phase = can_walk ? Check::kWalking : Check::kScanning;
  }

  bool no_object = false;
  if (check.phase == Check::kWalking) {
    FrameWalk walk{{check.pc, check.sp, check.fp, check.fp_known}, check.checked};
    auto rules = [&](std::uintptr_t pc, FrameRule &rule) {
      frames_left -= frames_left != 0;
      no_object = !make_frame_rule(pc, rule);
      return !no_object;
    };
    // A small stack is always walked to its end.
    const std::size_t budget = small ? kSmallStack / 16 : frames_left;
    WalkEnd end = walk_frames(walk, transition, top, budget, rules, words, active);
    save(check, walk);
    switch (end) {
    case WalkEnd::kClear:
      return clear(record);
    case WalkEnd::kActive:
      check.phase = Check::kHeld; // until it wakes
      return held(record, active->function);
    case WalkEnd::kTired:
      unfinished = true;
      return false;
    case WalkEnd::kLost:
      check.phase = Check::kScanning;
    }
  }

  if (small) {
    // The rest is scanned once more, from where the walk is no longer to be trusted.  An object that is not known yet
    // (a dlopen is going on) may be known in the next round.
    std::size_t all = kSmallStack + sizeof(piece);
    Scan result = scan(transition, check.checked, top, all, active);
    check.phase = no_object ? Check::kNone : Check::kHeld;
    return result == Scan::kClear ? clear(record) : held(record, active ? active->function : nullptr);
  }
  switch (scan(transition, check.checked, top, bytes_left, active)) {
  case Scan::kClear:
    return clear(record);
  case Scan::kTired:
    unfinished = true;
    return false;
  case Scan::kUnreadable:
    return false;
  case Scan::kActive:
    break;
  }
  check.phase = Check::kHeld;
  return held(record, active->function);
}

void make_wanted_rules(ThreadRecord &record) {
  std::uintptr_t pc = record.wanted_pc.load(std::memory_order_acquire); // pairs with ask_for_rule (poll.cpp)
  if (!pc)
    return;
  record.wanted_pc.store(0, std::memory_order_relaxed); // a request that comes right now is made again at the next look
  std::uintptr_t sp = record.wanted_sp.load(std::memory_order_relaxed),
                 fp = record.wanted_fp.load(std::memory_order_relaxed);
  std::uintptr_t top = record.stack_top.load(std::memory_order_relaxed);
  if (sp >= top || sp % sizeof(std::uintptr_t))
    return;
  StackCopy words(sp, top);
  FrameWalk walk{{pc, sp, fp, fp != 0}, sp};
  std::size_t made = 0;
  auto rules = [&](std::uintptr_t pc, FrameRule &rule) {
    return known_frame_rule(pc, rule) || (made++ < kWantedRules && make_frame_rule(pc, rule));
  };
  const Transition nothing{};
  const AffectedRange *none = nullptr;
  (void)walk_frames(walk, nothing, top, kWantedFrames, rules, words, none);
}

} // namespace wfp
