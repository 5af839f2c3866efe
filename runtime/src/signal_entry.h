/* Signal handlers of the program: they begin in our entry, which keeps them in one version from begin to end.
 *
 * A handler may interrupt a parked thread (which the control thread may have moved, so that the thread's view is stale), or
 * code in the middle of a gate.  The entry therefore makes the thread RUNNING, takes the view that the state names, and marks the
 * thread IN_HANDLER: neither polls nor the control thread move it until the handler has returned; then the park goes on, with
 * a new sequence.  A handler that is left by siglongjmp leaves the mark behind.  Jumps clear it (stacks.h); one that was not seen is
 * recognised by the stack pointer: the entries' frames are known, so that a handler that goes on after an inner one was left stays marked.
 */
#ifndef WFPATCH_RUNTIME_SIGNAL_ENTRY_H
#define WFPATCH_RUNTIME_SIGNAL_ENTRY_H

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What wfp_enter_handler saves for wfp_leave_handler; on the handler's stack. */
struct WfpInterrupted {
  unsigned long park_sp;
  unsigned long handlers;     /* that ran already */
  unsigned long other_frame;  /* what stood in this one's place, perhaps of an entry that this one interrupted */
  int was_parked;
  int was_in_handler;
};

__attribute__((visibility("hidden"))) void wfp_enter_handler(struct WfpInterrupted *interrupted, void *frame);
__attribute__((visibility("hidden"))) void wfp_leave_handler(struct WfpInterrupted *interrupted);

/* The entry that the kernel knows as the handler of every signal that the program handles. */
__attribute__((visibility("hidden"))) void wfp_signal_entry(int signal, siginfo_t *info, void *context);

/* Finds the real functions, and puts the entry before handlers that were installed before the runtime was loaded. */
__attribute__((visibility("hidden"))) void wfp_prepare_signals(void);

#ifdef __cplusplus
}
namespace wfp {

// The number of a signal whose handler does not begin in our entry (it was installed by a raw system call), or 0: then a parked
// thread could be in that handler, so that threads are not moved remotely and nothing settles.  Control thread.
int foreign_handler();

} // namespace wfp
#endif
#endif
