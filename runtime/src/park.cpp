#include "runtime/src/park.h"

#include "runtime/src/barrier.h"
#include "runtime/src/poll.h"
#include "runtime/src/publication.h"

using namespace wfp;

namespace {

inline WfpThread *park(void *frame, std::uintptr_t form) {
  ThreadRecord *record = wfp_self;
  auto sp = reinterpret_cast<std::uintptr_t>(frame);
  // Relaxed: a park that misses the flag is moved by the control thread.
  if (!record || wfp_pending.load(std::memory_order_relaxed)) {
    // The caller's frame: its own frame pointer, then its return address.
    wfp_poll_slow(sp + sizeof(std::uintptr_t), 0, *static_cast<const std::uintptr_t *>(frame));
    record = wfp_self;
    if (!record)
      return nullptr;
  }
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  if (__builtin_expect((old & (state::kParked | state::kInHandler)) != 0, 0)) {
    clear_stale_marks(*record, sp);
    old = record->state.load(std::memory_order_relaxed);
    if (old & state::kParked)
      return nullptr;
  }
  record->park_sp.store(sp | form, std::memory_order_relaxed);
  record->state.store((old + state::kSequenceOne) | state::kParked, std::memory_order_release); // (P); Model: PARK
  return record;
}

} // namespace

extern "C" WfpThread *wfp_park(void *frame) { return park(frame, park_form::kFrame); }
extern "C" WfpThread *wfp_park_for_caller(void *frame) { return park(frame, park_form::kUnknown); }

extern "C" void wfp_unpark(WfpThread *record) {
  if (!record)
    return;
  // Model: UNPARK.
  // (U): acquire pairs with the control thread's (C), whose view and code this thread is going to use.
  std::uint64_t old = record->state.fetch_and(~(state::kParked | state::kHeld), std::memory_order_acq_rel);
  wfp_view = view_tables[state::view(old)];
  if (__builtin_expect((old & state::kHeld) != 0, 0))
    wait_until_released(*record);
}
