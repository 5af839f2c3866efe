// Moving parked threads, and knowing when everybody has moved.  Control thread only.
//
// Running threads move themselves (poll.cpp).  For a parked one the control thread reads its state, checks a copy of its
// stack, and puts the new view into the state with one compare-exchange: it succeeds only if the thread has been parked
// all the time (thread_registry.h).  The thread is not woken.
#pragma once

#include "runtime/src/publication.h"
#include "runtime/src/thread_registry.h"

#include <cstdint>

namespace wfp {

struct Tasks { // a look at /proc/self/task, beside the records
  std::uint32_t total = 0;    // tasks of the process, but for the control thread and what runs no code of it
  std::uint32_t moved = 0;    // known to be in the published view
  std::uint32_t unknown = 0;  // without a record: being born, dying, or never met
};

// One round: tries every parked thread that is in an older view, then settles if all tasks have moved.  True when nothing is
// left to do.
bool move_threads();

// Calls visit(context, tid, record or nullptr) for every task of the process but the control thread and those that run
// no code of the program, until it returns false.  False when the list could not be read or a visit ended it.
using TaskVisitor = bool (*)(void *context, int tid, ThreadRecord *record);
bool visit_tasks(TaskVisitor visit, void *context);

// The same for every stack of the program's making (stacks.h).
using StackVisitor = bool (*)(void *context, ThreadRecord &stack);
bool visit_stacks(StackVisitor visit, void *context);

// The control thread's tid, which visit_tasks leaves out.
void set_control_tid(int tid);

} // namespace wfp
