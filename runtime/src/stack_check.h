// Is an affected function active on a stack?
//
// First conservatively: a word between the stack pointer and the stack's end counts if it lies in [behind the sled,
// end] of any part of an affected function, or in a gate.  A return address can equal the end (the function's last call
// never returns); it never equals the entry, which function pointers do.  The first byte behind the sled counts for an
// interrupted program counter.  No hit is proof, on a stack that we know; a hit may be a stale word. Then precisely,
// frame by frame (frame_walk.h); and conservatively from where that does not get any further.
#pragma once

#include "runtime/src/publication.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

struct Registers;

// The affected range that a word of [begin, end) points into, or nullptr.  Any thread; async-signal-safe; reads only.
const AffectedRange *find_active(const Transition &transition, const std::uintptr_t *begin, const std::uintptr_t *end);

// The affected range that holds the call which returns to `pc`, or nullptr.
const AffectedRange *active_call(const Transition &transition, std::uintptr_t pc);

// What holds a thread whose stack could not be checked, for status.
inline constexpr const char *kUnknownStack = "(a stack that the runtime does not know)";
inline constexpr const char *kStackTooDeep = "(its stack, too deep to be checked while it runs)";

// A look at the calling thread's own stack, a bounded piece of work: no lock, no system call, no allocation.
struct OwnStackLook {
  bool clear;             // proven: nothing affected is active
  const char *held_by;    // else: a function's name, or what is in the way
  std::uintptr_t slot;    // precisely found: where the return address into the function is, else 0
  std::uintptr_t missing; // a return address that has no rule yet, or 0
};
// The word at `sp` is a return address, `fp` the caller's frame pointer, `top` the end of the stack.  The thread's
// record is `reading`.
OwnStackLook look_at_own_stack(const Transition &transition, std::uintptr_t sp, std::uintptr_t fp, std::uintptr_t top,
                               Registers &missing_frame);

} // namespace wfp
