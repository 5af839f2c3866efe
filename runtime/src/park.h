/* Parking: a thread says that it is about to block, so that the control thread can move it without waking it.
 *
 * C and C++: the wrappers of blocking calls are C, since cancellation unwinds through them and C's cleanup needs only
 * libgcc. Any application thread; async-signal-safe; wait-free; no system call, errno stays.
 */
#ifndef WFPATCH_RUNTIME_PARK_H
#define WFPATCH_RUNTIME_PARK_H

#ifdef __cplusplus
#include "runtime/src/thread_registry.h"
typedef wfp::ThreadRecord WfpThread;
extern "C" {
#else
typedef struct WfpThread WfpThread;
#endif

/* Parks the calling thread, which stays in the function with the frame address `frame` until wfp_unpark: everything of
 * the program lies at or above it.  First takes part in an update that is on its way.  NULL if the thread cannot be
 * parked (unknown to us, or parked already: a handler interrupted the wait). */
__attribute__((visibility("hidden"))) WfpThread *wfp_park(void *frame);

/* The same for a function that returns while the park lasts; then unwinding has nothing to begin with. */
__attribute__((visibility("hidden"))) WfpThread *wfp_park_for_caller(void *frame);

/* Ends the park; the thread is then in the view that the control thread gave it meanwhile.  NULL does nothing. */
__attribute__((visibility("hidden"))) void wfp_unpark(WfpThread *thread);

#ifdef __cplusplus
}
#endif
#endif
