#include "runtime/src/mover.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/log.h"
#include "runtime/src/parked_check.h"
#include "runtime/src/pending.h"
#include "runtime/src/proc.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/publish.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/stacks.h"
#include "runtime/src/updater.h"

namespace wfp {

namespace {

int control_tid;

// ---- a parked thread

// A stack that was unmapped, and not unregistered: nobody can go on with it.
bool memory_is_gone(const ThreadRecord &stack) {
  std::uintptr_t word;
  return !read_memory(stack.stack_top.load(std::memory_order_relaxed) - sizeof word, &word, sizeof word);
}

// Model: MOVE.
bool try_parked(ThreadRecord &record, const Publication &publication) {
  // Acquire: pairs with (P); the park's stack pointer, and the stack itself, are what they were then.
  std::uint64_t seen = record.state.load(std::memory_order_acquire);
  if ((seen & (state::kParked | state::kInHandler)) != state::kParked || state::view(seen) == publication.view)
    return false;
  if (record.own_stack.load(std::memory_order_relaxed) && memory_is_gone(record)) {
    release_stack(record);
    return false;
  }
  if (!parked_stack_is_quiescent(record, seen, publication))
    return false;
  // (C): release, so that the thread's (U) finds the view's table and the code; fails if it has awoken since.
  return record.state.compare_exchange_strong(seen, state::with_view(seen, publication.view), std::memory_order_acq_rel,
                                              std::memory_order_relaxed);
}

// Whether its thread has begun, or its stack is there.
bool is_known(const ThreadRecord &record) {
  return record.tid.load(std::memory_order_acquire) || record.own_stack.load(std::memory_order_acquire);
}

// ---- all tasks

// Records with a tid, sorted, to be found by tid.
struct Known {
  int tid;
  ThreadRecord *record;
};

bool list_known(Vec<Known> &known) {
  for (std::size_t index = 0, end = record_limit(); index < end; ++index) {
    if (!record_in_use(index))
      continue;
    ThreadRecord &record = record_at(index);
    int tid = record.tid.load(std::memory_order_acquire);
    if (tid && !known.push_back({tid, &record}))
      return false;
  }
  sort(known.begin(), known.size(), [](const Known &a, const Known &b) { return a.tid < b.tid; });
  return true;
}

ThreadRecord *find_known(const Vec<Known> &known, int tid) {
  std::size_t low = 0, high = known.size();
  while (low < high) {
    std::size_t middle = low + (high - low) / 2;
    if (known[middle].tid < tid)
      low = middle + 1;
    else
      high = middle;
  }
  return low < known.size() && known[low].tid == tid ? known[low].record : nullptr;
}

bool count_task(void *context, int, ThreadRecord *record) {
  auto &tasks = *static_cast<Tasks *>(context);
  ++tasks.total;
  if (!record)
    ++tasks.unknown;
  else if (state::view(record->state.load(std::memory_order_acquire)) == published_view())
    ++tasks.moved;
  return true;
}

// After the threads: one that had not moved may have made a stack in its view.
bool stacks_have_moved() {
  return visit_stacks([](void *, ThreadRecord &stack) {
    return state::view(stack.state.load(std::memory_order_acquire)) == published_view();
  }, nullptr);
}

// Model: LOOK.
bool everybody_has_moved() {
  Tasks tasks;
  return visit_tasks(count_task, &tasks) && tasks.total != 0 && tasks.moved == tasks.total && stacks_have_moved();
}

} // namespace

bool visit_tasks(TaskVisitor visit, void *context) {
  Arena arena;
  Vec<Known> known(arena);
  if (!list_known(known))
    return false;
  struct Context {
    const Vec<Known> &known;
    TaskVisitor visit;
    void *context;
  } all{known, visit, context};
  return list_tasks(
      [](void *from, int tid) {
        auto &all = *static_cast<Context *>(from);
        if (tid == control_tid)
          return true;
        ThreadRecord *record = find_known(all.known, tid);
        if (!record && runs_no_program(tid))
          return true;
        return all.visit(all.context, tid, record);
      },
      &all);
}

bool visit_stacks(StackVisitor visit, void *context) {
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (record_in_use(index) && record_at(index).own_stack.load(std::memory_order_acquire) && !visit(context, record_at(index)))
      return false;
  return true;
}

void set_control_tid(int tid) { control_tid = tid; }

bool move_threads() {
  if (!moving()) {
    free_retired();
    return true;
  }
  if (foreign_handler()) {
    begin_check_round();
    return false;
  }
  const Publication &publication = *published.load(std::memory_order_relaxed);
  begin_check_round();
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (record_in_use(index) && is_known(record_at(index))) {
      try_parked(record_at(index), publication);
      make_wanted_rules(record_at(index));
    }

  // A thread that begins behind our back begins in the base view: after everybody was seen in the published view, the base
  // view becomes equal to it, and whoever began in between is seen by the second look.
  if (!everybody_has_moved())
    return false;
  enter_base_view();
  if (!everybody_has_moved())
    return false;
  settle(sys::monotonic_ns());
  log_event("settled view ", published_number());
  free_retired();
  return true;
}

} // namespace wfp
