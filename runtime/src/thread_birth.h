/* The C side of thread_registry.h: what the interposed pthread_create and the exit hook call. */
#ifndef WFPATCH_RUNTIME_THREAD_BIRTH_H
#define WFPATCH_RUNTIME_THREAD_BIRTH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WFP_HIDDEN __attribute__((visibility("hidden")))

/* In the creating thread: a record for a thread to be, with a stack of `stack_size` bytes.  NULL when there is none. */
WFP_HIDDEN void *wfp_new_thread(void *(*start)(void *), void *argument, size_t stack_size);

/* In the new thread. */
WFP_HIDDEN void *(*wfp_start_of(void *thread, void **argument))(void *);
WFP_HIDDEN void wfp_begin_thread(void *thread, uintptr_t stack_top);

/* In a thread that the runtime has met on its way (one that libc made for itself, for a timer's expiry, say): its end is to be told.
 * Async-signal-safe: libc keeps the values of the first keys, of which ours is one, in the thread itself. */
WFP_HIDDEN void wfp_note_thread_end(void *thread);

/* In the ending thread: whether this is the last of `rounds` calls. */
WFP_HIDDEN int wfp_last_exit_round(void *thread, unsigned rounds);

/* In the ending thread, or in the creating one if the thread was never made. */
WFP_HIDDEN void wfp_end_thread(void *thread);

#ifdef __cplusplus
}
#endif
#endif
