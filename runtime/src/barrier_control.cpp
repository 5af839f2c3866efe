// The control thread's side of barrier mode: gathering every thread at a quiescence point, and letting them go again.

#include "runtime/src/barrier.h"
#include "runtime/src/base/sys.h"
#include "runtime/src/mover.h"
#include "runtime/src/parked_check.h"
#include "runtime/src/proc.h"

#include <climits>
#include <ctime>
#include <linux/futex.h>

namespace wfp {

namespace {

void pause_briefly() {
  timespec time{0, 50'000};
  sys::call(SYS_nanosleep, &time, nullptr);
}

struct Gathering {
  const Publication &closed;
  int missing_tid;
  ThreadRecord *missing;
};

// Holds a thread that is parked with a clear stack; false for one that runs, is unknown, or is in an affected function.
bool hold(void *context, int tid, ThreadRecord *record) {
  auto &gathering = *static_cast<Gathering *>(context);
  gathering.missing_tid = tid;
  gathering.missing = record;
  if (!record)
    return false;
  std::uint64_t seen = record->state.load(std::memory_order_acquire);
  if ((seen & (state::kParked | state::kInHandler)) != state::kParked) {
    make_wanted_rules(*record);
    return false;
  }
  if (seen & state::kHeld)
    return true;
  return parked_stack_is_quiescent(*record, seen, gathering.closed) &&
         record->state.compare_exchange_strong(seen, seen | state::kHeld, std::memory_order_acq_rel,
                                               std::memory_order_relaxed);
}

bool hold_stack(void *context, ThreadRecord &stack) {
  return hold(context, stack.on_thread.load(std::memory_order_relaxed), &stack);
}

bool hold_all(Gathering &gathering) { return visit_tasks(hold, &gathering) && visit_stacks(hold_stack, &gathering); }

void refuse(const Gathering &gathering, std::uint64_t timeout_ms, Message &why) {
  if (!gathering.missing_tid && gathering.missing) {
    why << "the stack at ";
    why.hex(gathering.missing->stack_low.load(std::memory_order_relaxed)) << " (of the program's own making)";
  } else {
    why << "thread " << gathering.missing_tid;
  }
  if (gathering.missing_tid) {
    FixedText<32> name;
    task_name(gathering.missing_tid, name);
    why << " (" << name.c_str() << ")";
  }
  why << " did not stop at a quiescence point within " << timeout_ms << " ms";
  const char *held_by = gathering.missing ? gathering.missing->held_by.load(std::memory_order_relaxed) : nullptr;
  if (held_by)
    why << ": " << held_by << " is active";
  why << "; nothing was changed";
}

} // namespace

// On true every task is parked and held: it goes no further than the end of its blocking call.
bool gather_threads(const Publication &closed, std::uint64_t timeout_ms, Message &why) {
  barrier_word.fetch_add(1, std::memory_order_acq_rel); // odd: closed
  std::uint64_t deadline = sys::monotonic_ns() + timeout_ms * 1'000'000ull;
  for (;;) {
    Gathering gathering{closed, 0, nullptr};
    begin_check_round();
    // Twice: a thread that a running one had just made is found by the second look, when none runs any more.
    if (hold_all(gathering) && hold_all(gathering))
      return true;
    if (sys::monotonic_ns() > deadline) {
      refuse(gathering, timeout_ms, why);
      return false;
    }
    pause_briefly();
  }
}

namespace {

// Moves a stopped thread; one that has just ended its blocking call parks again at the barrier within a few instructions.
bool move_stopped(void *context, int, ThreadRecord *record) {
  const auto &publication = *static_cast<const Publication *>(context);
  if (!record)
    return true; // stopped threads have one
  std::uint64_t seen = record->state.load(std::memory_order_acquire);
  if (state::view(seen) == publication.view)
    return true;
  return (seen & state::kParked) &&
         record->state.compare_exchange_strong(seen, state::with_view(seen, publication.view), std::memory_order_acq_rel,
                                               std::memory_order_relaxed);
}

bool move_stopped_stack(void *context, ThreadRecord &stack) { return move_stopped(context, 0, &stack); }

bool move_all_stopped(const Publication &publication) {
  void *context = const_cast<Publication *>(&publication);
  return visit_tasks(move_stopped, context) && visit_stacks(move_stopped_stack, context);
}

void let_go(ThreadRecord &record) {
  std::uint64_t seen = record.state.load(std::memory_order_acquire);
  while ((seen & state::kHeld) &&
         !record.state.compare_exchange_weak(seen, seen & ~state::kHeld, std::memory_order_acq_rel,
                                             std::memory_order_acquire))
    ;
}

} // namespace

void release_threads(bool into_new_view) {
  // The tasks of the process, as in gather_threads, not the records: a thread that ended by a raw system call leaves one behind.
  if (into_new_view)
    while (!move_all_stopped(*published.load(std::memory_order_relaxed)))
      pause_briefly();
  barrier_word.fetch_add(1, std::memory_order_acq_rel); // even: open
  sys::call(SYS_futex, &barrier_word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (record_in_use(index))
      let_go(record_at(index));
}

} // namespace wfp
