// Births and deaths: from the C wrappers to the registry.

#include "runtime/src/thread_birth.h"

#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/poll.h"
#include "runtime/src/publication.h"
#include "runtime/src/thread_registry.h"

using namespace wfp;

namespace {

// libc puts the thread's control block and thread-locals at the top of its stack, and counts them in its size: the true begin
// is less than kSlack below thread pointer - size.  Leaving out the lowest part keeps the bounds inside the stack (another
// mapping could follow below); a thread that is so deep moves later.
constexpr std::size_t kSlack = 64 * 1024;

std::uintptr_t lowest_known(std::uintptr_t top, std::size_t size) {
  std::size_t left_out = size / 2 < kSlack ? size / 2 : kSlack;
  return top - (size - left_out);
}

// The initial thread's stack grows on demand; this much of it is looked at.
constexpr std::size_t kInitialStack = 64u << 20;

} // namespace

extern "C" void *wfp_new_thread(void *(*start)(void *), void *argument, std::size_t stack_size) {
  ThreadRecord *record = claim_record();
  if (!record)
    return nullptr;
  record->start = start;
  record->argument = argument;
  record->stack_low.store(stack_size ? stack_size : kInitialStack, std::memory_order_relaxed); // until it begins
  return record;
}

extern "C" void *(*wfp_start_of(void *thread, void **argument))(void *) {
  auto *record = static_cast<ThreadRecord *>(thread);
  *argument = record->argument;
  return record->start;
}

extern "C" void wfp_begin_thread(void *thread, std::uintptr_t stack_top) {
  auto *record = static_cast<ThreadRecord *>(thread);
  std::size_t size = record->stack_low.load(std::memory_order_relaxed);
  bool initial = record->start == nullptr;
  begin_thread(record, lowest_known(initial ? stack_top : arch::thread_pointer(), size), stack_top);
  if (wfp_pending.load(std::memory_order_relaxed))
    wfp_poll_slow(stack_top, 1, 0); // stops here if a barrier gathers
}

extern "C" int wfp_last_exit_round(void *thread, unsigned rounds) {
  return ++static_cast<ThreadRecord *>(thread)->exit_rounds >= rounds;
}

extern "C" void wfp_end_thread(void *thread) {
  auto *record = static_cast<ThreadRecord *>(thread);
  if (wfp_thread == record)
    end_thread(record);
  else
    release_record(record);
}
