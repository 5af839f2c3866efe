#include "runtime/src/park.h"

#include "runtime/src/barrier.h"
#include "runtime/src/poll.h"
#include "runtime/src/publication.h"

using namespace wfp;

namespace {

// (P); Model: PARK.
inline WfpThread *park_now(ThreadRecord *record, std::uint64_t old, std::uintptr_t sp_and_form) {
  record->park_sp.store(sp_and_form, std::memory_order_relaxed);
  record->state.store((old + state::kSequenceOne) | state::kParked, std::memory_order_release);
  return record;
}

// What is seldom: a thread that the runtime meets for the first time, a change on its way, marks that a handler has left.
[[gnu::noinline, gnu::cold]] WfpThread *park_after_look(void *frame, std::uintptr_t form) {
  ThreadRecord *record = wfp_self;
  auto sp = reinterpret_cast<std::uintptr_t>(frame);
  if (!record || wfp_pending.load(std::memory_order_relaxed)) {
    // The caller's frame: its own frame pointer, then its return address.
    wfp_poll_slow(sp + sizeof(std::uintptr_t), 0, *static_cast<const std::uintptr_t *>(frame));
    record = wfp_self;
    if (!record)
      return nullptr;
  }
  if (record->state.load(std::memory_order_relaxed) & (state::kParked | state::kInHandler))
    clear_stale_marks(*record, sp);
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  return old & state::kParked ? nullptr : park_now(record, old, sp | form);
}

// A few instructions without a frame of their own: this is on the way of every blocking call.
inline WfpThread *park(void *frame, std::uintptr_t form) {
  ThreadRecord *record = wfp_self;
  // Relaxed: a park that misses the flag is moved by the control thread.
  if (__builtin_expect(!record || wfp_pending.load(std::memory_order_relaxed), 0))
    return park_after_look(frame, form);
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  if (__builtin_expect((old & (state::kParked | state::kInHandler)) != 0, 0))
    return park_after_look(frame, form);
  return park_now(record, old, reinterpret_cast<std::uintptr_t>(frame) | form);
}

} // namespace

extern "C" WfpThread *wfp_park(void *frame) { return park(frame, park_form::kFrame); }
extern "C" WfpThread *wfp_park_for_caller(void *frame) { return park(frame, park_form::kUnknown); }

extern "C" void wfp_unpark(WfpThread *record) {
  if (!record)
    return;
  // Model: UNPARK.
  // (U): acquire pairs with the control thread's (C), whose view and code this thread is going to use.  Once PARKED is gone nobody
  // else changes the view, so that it can be loaded: x86-64 has no instruction that clears bits and returns the rest.
  record->state.fetch_and(~state::kParked, std::memory_order_acq_rel);
  std::uint64_t now = record->state.load(std::memory_order_relaxed);
  wfp_view = view_tables[state::view(now)];
  if (__builtin_expect((now & state::kHeld) != 0, 0)) {
    record->state.fetch_and(~state::kHeld, std::memory_order_relaxed);
    wait_until_released(*record);
  }
}
