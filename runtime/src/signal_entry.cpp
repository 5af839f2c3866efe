#include "runtime/src/signal_entry.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/park.h"
#include "runtime/src/poll.h"
#include "runtime/src/thread_registry.h"

using namespace wfp;

// Runs on the handler's thread.  The interrupted code may be anywhere, in the runtime too: what it was going to store into
// `state` is a RUNNING state of the same view (nothing moves while IN_HANDLER is set), so that its store, when it goes on, is
// still right; a sequence that is used twice is told apart by the flag.
// Model: ENTER.
extern "C" void wfp_enter_handler(WfpInterrupted *interrupted, void *frame) {
  *interrupted = {};
  ThreadRecord *record = wfp_self;
  if (!record)
    return;
  clear_stale_marks(*record, reinterpret_cast<std::uintptr_t>(frame));
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  if (old & state::kParked) {
    interrupted->was_parked = 1;
    interrupted->park_sp = record->park_sp.load(std::memory_order_relaxed);
    wfp_unpark(record);
    old = record->state.load(std::memory_order_relaxed);
  }
  // The interrupted code may have stored its new state, but not yet its view.
  wfp_view = wfp_view_tables[state::view(old)];
  interrupted->was_in_handler = (old & state::kInHandler) != 0;
  // Another handler may begin and end between any two of these: it leaves the frames as it found them.
  interrupted->handlers = record->handlers;
  if (record->handlers < ThreadRecord::kNested) {
    interrupted->other_frame = record->handler_frames[record->handlers];
    record->handler_frames[record->handlers] = reinterpret_cast<std::uintptr_t>(frame);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  record->handlers = interrupted->handlers + 1;
  record->state.store((old + state::kSequenceOne) | state::kInHandler, std::memory_order_release);
}

// Model: LEAVE.
extern "C" void wfp_leave_handler(WfpInterrupted *interrupted) {
  ThreadRecord *record = wfp_self;
  if (!record)
    return;
  std::uint64_t now = record->state.load(std::memory_order_relaxed) + state::kSequenceOne;
  if (!interrupted->was_in_handler)
    now &= ~state::kInHandler;
  record->handlers = interrupted->handlers;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (interrupted->handlers < ThreadRecord::kNested)
    record->handler_frames[interrupted->handlers] = interrupted->other_frame;
  if (interrupted->was_parked) {
    record->park_sp.store(interrupted->park_sp, std::memory_order_relaxed);
    now |= state::kParked; // (P), once more: the wait goes on, or ends in the wrapper
  }
  record->state.store(now, std::memory_order_release);
}

namespace wfp {

int foreign_handler() {
  // struct sigaction as the kernel has it on x86-64.
  struct KernelAction {
    void *handler;
    unsigned long flags;
    void *restorer;
    std::uint64_t mask;
  };
  for (int signal = 1; signal <= 64; ++signal) {
    // glibc's own: cancellation, and setuid() in all threads; they run no code of the program.
    if (signal == 32 || signal == 33)
      continue;
    KernelAction action{};
    if (sys::failed(sys::call(SYS_rt_sigaction, signal, nullptr, &action, sizeof(action.mask))))
      continue;
    auto handler = reinterpret_cast<std::uintptr_t>(action.handler);
    if (handler > 1 && action.handler != reinterpret_cast<void *>(&wfp_signal_entry)) // neither SIG_DFL nor SIG_IGN
      return signal;
  }
  return 0;
}

} // namespace wfp
