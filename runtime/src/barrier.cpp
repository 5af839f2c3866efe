#include "runtime/src/barrier.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/park.h"
#include "runtime/src/publication.h"

#include <linux/futex.h>

namespace wfp {

std::atomic<std::uint32_t> barrier_word{0};

namespace {
bool closed(std::uint32_t word) { return word & 1; }

void wait_while(std::uint32_t word) {
  while (closed(word) && barrier_word.load(std::memory_order_acquire) == word)
    sys::call(SYS_futex, &barrier_word, FUTEX_WAIT_PRIVATE, word, nullptr, nullptr, 0);
}
} // namespace

void stop_at_barrier(ThreadRecord &record, std::uintptr_t sp) {
  std::uint32_t word = barrier_word.load(std::memory_order_acquire);
  std::uint64_t old = record.state.load(std::memory_order_relaxed);
  record.park_sp.store(sp, std::memory_order_relaxed);
  record.state.store((old + state::kSequenceOne) | state::kParked, std::memory_order_release);
  wait_while(word);
  wfp_unpark(&record);
}

void open_barrier() {
  std::uint32_t word = barrier_word.load(std::memory_order_relaxed);
  if (closed(word))
    barrier_word.store(word + 1, std::memory_order_release);
}

// The park has ended, but its stack is still as it was checked: park again for the time of the wait, so that the control
// thread can move the thread to the new view.
void wait_until_released(ThreadRecord &record) {
  std::uint32_t word = barrier_word.load(std::memory_order_acquire);
  if (!closed(word))
    return;
  stop_at_barrier(record, record.park_sp.load(std::memory_order_relaxed));
}

} // namespace wfp
