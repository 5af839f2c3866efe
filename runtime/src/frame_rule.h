// How to get from a frame to its caller's, for one return address: a row of call frame information (DWARF 5, 6.4), cut
// down to what a walk over return addresses needs.
//
// The canonical frame address (CFA) is the stack pointer before the call that made the frame.  At a call only registers
// that the callee keeps can lead to it: in practice the stack pointer, or the frame pointer where the frame's size
// varies or is aligned. So two registers are followed, rsp and rbp; code whose unwind information needs another one
// cannot be walked over, and is left to the conservative scan.
#pragma once

#include <cstdint>

namespace wfp {

struct FrameRule {
  enum Base : std::uint8_t { kStackPointer, kFramePointer, kCfa };
  enum Kind : std::uint8_t {
    kUsable,
    kOutermost, // the frame has no caller: its return address is said to be undefined
    kUnknown,   // no unwind information, or such as we do not follow
  };
  // Of the caller's frame pointer: still in its register, saved at frame_base + frame_offset, or lost.
  enum Saved : std::uint8_t { kInRegister, kInMemory, kLost };

  Kind kind = kUnknown;
  Base cfa_base = kStackPointer;
  bool cfa_indirect = false; // CFA = *(base + cfa_offset) + cfa_add: aligned frames keep it in memory
  Saved frame_pointer = kInRegister;
  Base frame_base = kCfa;
  std::int32_t cfa_offset = 0, cfa_add = 0;
  std::int32_t frame_offset = 0;
  std::int32_t return_offset = 0; // the return address is at CFA + return_offset
};
static_assert(sizeof(FrameRule) == 24);

// The registers of a frame, at the call that it has made.
struct Registers {
  std::uintptr_t pc; // return address of that call
  std::uintptr_t sp; // after it has returned
  std::uintptr_t fp;
  bool fp_known;
};

// Goes to the caller.  `words(address, value)` reads a word of the stack, aligned, at or above the frame's stack
// pointer; false if it cannot.  kWalked: `frame` is the caller's.  kEnd: there is no caller below `top`.  kFailed:
// `frame` is unchanged.
enum class FrameStep { kWalked, kEnd, kFailed };

// A frame that ends behind `top` is the first on the stack: `top` is the frame address of its function, or its last
// word.
inline constexpr std::uintptr_t kFirstFrameSlack = 16;

template <typename Words>
FrameStep step_to_caller(const FrameRule &rule, Registers &frame, std::uintptr_t top, Words &&words) {
  if (rule.kind != FrameRule::kUsable)
    return rule.kind == FrameRule::kOutermost ? FrameStep::kEnd : FrameStep::kFailed;
  if (rule.cfa_base == FrameRule::kFramePointer && !frame.fp_known)
    return FrameStep::kFailed;
  auto read = [&](std::uintptr_t address, std::uintptr_t &value) {
    return address >= frame.sp && address < top && address % sizeof(std::uintptr_t) == 0 && words(address, value);
  };
  std::uintptr_t cfa =
      (rule.cfa_base == FrameRule::kFramePointer ? frame.fp : frame.sp) + static_cast<std::intptr_t>(rule.cfa_offset);
  if (rule.cfa_indirect) {
    if (!read(cfa, cfa))
      return FrameStep::kFailed;
    cfa += static_cast<std::intptr_t>(rule.cfa_add);
  }
  if (cfa <= frame.sp || cfa % sizeof(std::uintptr_t) != 0)
    return FrameStep::kFailed;
  if (cfa >= top) // inside our own first frame nothing of the program is left
    return cfa - top <= kFirstFrameSlack ? FrameStep::kEnd : FrameStep::kFailed;

  Registers caller{0, cfa, frame.fp, frame.fp_known};
  if (!read(cfa + static_cast<std::intptr_t>(rule.return_offset), caller.pc) || caller.pc == 0)
    return FrameStep::kFailed;
  if (rule.frame_pointer == FrameRule::kLost)
    caller.fp_known = false;
  if (rule.frame_pointer == FrameRule::kInMemory) {
    if (rule.frame_base == FrameRule::kFramePointer && !frame.fp_known)
      return FrameStep::kFailed;
    std::uintptr_t base = rule.frame_base == FrameRule::kCfa            ? cfa
                          : rule.frame_base == FrameRule::kFramePointer ? frame.fp
                                                                        : frame.sp;
    if (!read(base + static_cast<std::intptr_t>(rule.frame_offset), caller.fp))
      return FrameStep::kFailed;
    caller.fp_known = true;
  }
  frame = caller;
  return FrameStep::kWalked;
}

} // namespace wfp
