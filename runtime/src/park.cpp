#include "runtime/src/park.h"

#include "runtime/src/barrier.h"
#include "runtime/src/park_inline.h"
#include "runtime/src/poll.h"
#include "runtime/src/publication.h"

using namespace wfp;

static_assert(offsetof(WfpParkWords, state) == offsetof(ThreadRecord, state) &&
              offsetof(WfpParkWords, park_sp) == offsetof(ThreadRecord, park_sp));
static_assert(wfp_state_parked == state::kParked && wfp_state_in_handler == state::kInHandler &&
              wfp_state_held == state::kHeld && wfp_form_frame == park_form::kFrame);
static_assert(1ull << wfp_state_sequence_shift == state::kSequenceOne &&
              0xffffull << wfp_state_view_shift == state::kViewMask);

extern "C" WfpThread *wfp_park_after_look(void *frame, std::uintptr_t form) {
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
  return old & state::kParked ? nullptr : wfp_park_now(record, old, frame, form);
}

extern "C" void wfp_stay_held(WfpThread *record) {
  record->state.fetch_and(~state::kHeld, std::memory_order_relaxed);
  wait_until_released(*record);
}

extern "C" WfpThread *wfp_park(void *frame) {
  return wfp_park_inline(wfp_self, wfp_pending.load(std::memory_order_relaxed), frame, park_form::kFrame);
}

extern "C" WfpThread *wfp_park_for_caller(void *frame) {
  return wfp_park_inline(wfp_self, wfp_pending.load(std::memory_order_relaxed), frame, park_form::kUnknown);
}

extern "C" void wfp_unpark(WfpThread *record) { wfp_unpark_inline(record); }
