#include "runtime/src/stacks.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/park.h"
#include "runtime/src/poll.h"
#include "runtime/src/stack_map.h"
#include "runtime/src/thread_registry.h"

using namespace wfp;

namespace {

std::atomic<bool> any_stack{false};
// Some page holds parts of two stacks: a look-up that finds nothing in the map goes through the records.
std::atomic<bool> pages_are_shared{false};

bool is_stack(const ThreadRecord &record) { return record.own_stack.load(std::memory_order_acquire) != 0; }

bool overlaps(const ThreadRecord &stack, std::uintptr_t low, std::uintptr_t high) {
  return stack.stack_low.load(std::memory_order_relaxed) < high && stack.stack_top.load(std::memory_order_relaxed) > low;
}

ThreadRecord *live_entry(std::uintptr_t page) {
  std::uint32_t entry = page_entry(page);
  if (!entry || entry > record_limit())
    return nullptr;
  ThreadRecord &record = record_at(entry - 1);
  return is_stack(record) ? &record : nullptr;
}

// What was registered in [low, high) is over; what only shares a page with it stays.
void clear_range(std::uintptr_t low, std::uintptr_t high) {
  for (std::uintptr_t page = low & ~(kStackPage - 1); page < high; page += kStackPage) {
    ThreadRecord *there = live_entry(page);
    if (there && overlaps(*there, low, high))
      release_stack(*there);
    else if (there)
      pages_are_shared.store(true, std::memory_order_relaxed);
  }
  if (pages_are_shared.load(std::memory_order_relaxed))
    for (std::size_t index = 0, end = record_limit(); index < end; ++index)
      if (ThreadRecord &record = record_at(index); is_stack(record) && overlaps(record, low, high))
        release_stack(record);
}

bool enter_range(std::uintptr_t low, std::uintptr_t high, std::uint32_t entry) {
  for (std::uintptr_t page = low & ~(kStackPage - 1); page < high; page += kStackPage)
    if (!enter_page(page, entry))
      return false;
  return true;
}

std::uint32_t entry_of(const ThreadRecord &record) { return static_cast<std::uint32_t>(&record - &record_at(0)) + 1; }

// From here on the thread is `to`'s: first the record, so that a handler in between parks and unparks the right one.
void take_up(ThreadRecord &to) {
  wfp_self = &to;
  if (is_stack(to) && wfp_thread)
    to.on_thread.store(wfp_thread->tid.load(std::memory_order_relaxed), std::memory_order_relaxed);
  wfp_unpark(&to);
}

// The stack's own if it is registered, else the thread's.
ThreadRecord *record_for(std::uintptr_t sp) {
  ThreadRecord *stack = stack_at(sp);
  return stack ? stack : wfp_thread;
}

} // namespace

namespace wfp {

ThreadRecord *stack_at(std::uintptr_t address) {
  if (!any_stack.load(std::memory_order_relaxed))
    return nullptr;
  ThreadRecord *there = live_entry(address);
  if (there && on_known_stack(*there, address))
    return there;
  if (!pages_are_shared.load(std::memory_order_relaxed))
    return nullptr;
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (ThreadRecord &record = record_at(index); is_stack(record) && on_known_stack(record, address))
      return &record;
  return nullptr;
}

void release_stack(ThreadRecord &stack) {
  if (stack.own_stack.exchange(0, std::memory_order_acq_rel))
    release_record(&stack);
}

} // namespace wfp

extern "C" void *wfp_add_stack(void *start, std::size_t size, std::uintptr_t sp) {
  ThreadRecord *maker = meet_thread();
  auto low = reinterpret_cast<std::uintptr_t>(start), high = low + size;
  auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (!maker || high <= low || (here >= low && here < high))
    return nullptr;
  clear_range(low, high);
  ThreadRecord *stack = claim_record();
  if (!stack)
    return nullptr;
  stack->stack_low.store(low, std::memory_order_relaxed);
  stack->stack_top.store(high, std::memory_order_relaxed);
  stack->park_sp.store(sp | park_form::kUnknown, std::memory_order_relaxed);
  stack->on_thread.store(wfp_thread ? wfp_thread->tid.load(std::memory_order_relaxed) : 0, std::memory_order_relaxed);
  stack->next_look = 0;
  stack->look_interval = 0;
  stack->held_slot = 0;
  // The maker's view: it is live as long as the maker is in it, and the control thread looks at stacks after it has seen all threads moved.
  std::uint32_t view = state::view(maker->state.load(std::memory_order_relaxed));
  std::uint64_t old = stack->state.load(std::memory_order_relaxed);
  stack->state.store(state::with_view(old + state::kSequenceOne, view) | state::kParked, std::memory_order_release);
  stack->own_stack.store(1, std::memory_order_release);
  any_stack.store(true, std::memory_order_relaxed);
  if (enter_range(low, high, entry_of(*stack)))
    return stack;
  release_stack(*stack);
  return nullptr;
}

extern "C" void wfp_remove_stack(void *stack) {
  if (stack)
    release_stack(*static_cast<ThreadRecord *>(stack));
}

extern "C" void *wfp_go_to_stack(std::uintptr_t sp, void *frame) {
  if (!any_stack.load(std::memory_order_relaxed) || !meet_thread())
    return nullptr;
  ThreadRecord *from = wfp_self, *to = record_for(sp);
  if (!to || to == from)
    return nullptr;
  (void)wfp_park(frame);
  take_up(*to);
  return from;
}

extern "C" void *wfp_jump_to_stack(std::uintptr_t sp, void *frame) {
  if (ThreadRecord *record = wfp_self) {
    if (record->state.load(std::memory_order_relaxed) & state::kParked) // between wfp_park_begin and wfp_park_end: it runs, obviously
      wfp_unpark(record);
    clear_stale_marks(*record, sp);
  }
  return wfp_go_to_stack(sp, frame);
}

extern "C" void wfp_come_back(void *left) {
  auto *from = static_cast<ThreadRecord *>(left);
  if (!from || wfp_self == from)
    return;
  // The stack that it did not go to lies as it was parked.
  std::uint64_t old = wfp_self->state.load(std::memory_order_relaxed);
  wfp_self->state.store((old + state::kSequenceOne) | state::kParked, std::memory_order_release);
  take_up(*from);
}

// ---- a context whose function has returned (arch/*/context_end.S): it goes to `sp`, or 0 if the process ends

// Where glibc wants it to go on: the same place for all contexts.
extern "C" {
__attribute__((visibility("hidden"))) void *wfp_after_context;
}

extern "C" __attribute__((visibility("hidden"))) void wfp_context_ended(std::uintptr_t sp) {
  ThreadRecord *over = wfp_self;
  if (!over || !is_stack(*over) || !sp)
    return;
  ThreadRecord *to = record_for(sp);
  if (!to || to == over)
    return;
  take_up(*to);
  release_stack(*over);
}

// ---- the API (wfpatch.h)

#define WFP_EXPORT extern "C" __attribute__((visibility("default")))

WFP_EXPORT void *wfp_stack_register(void *low, std::size_t size) {
  return wfp_add_stack(low, size, reinterpret_cast<std::uintptr_t>(low) + size);
}

WFP_EXPORT void wfp_stack_unregister(void *stack) { wfp_remove_stack(stack); }

// The caller makes the switch, after this has returned: its frame is the first that counts.
WFP_EXPORT void wfp_stack_switch(void *stack) {
  if (!meet_thread())
    return;
  ThreadRecord *from = wfp_self, *to = stack ? static_cast<ThreadRecord *>(stack) : wfp_thread;
  if (!to || to == from || (stack && !is_stack(*to)))
    return;
  (void)wfp_park_for_caller(__builtin_frame_address(0));
  take_up(*to);
}
