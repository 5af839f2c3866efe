/* A park and its end, in the wrapper of the blocking call itself: between the system call and the wrapper's return by a jump (interpose_wrap.h)
 * nothing is called, since each further return there costs as much as the rest.  What is seldom is left to park.cpp.
 *
 * C and C++; async-signal-safe; wait-free; errno stays.
 */
#ifndef WFPATCH_RUNTIME_PARK_INLINE_H
#define WFPATCH_RUNTIME_PARK_INLINE_H

#include "runtime/src/park.h"

#include <stddef.h>
#include <stdint.h>

/* What a record begins with, for C: thread_registry.h has the meaning, park.cpp asserts that they agree. */
struct __attribute__((may_alias)) WfpParkWords {
  uint64_t state;
  uintptr_t park_sp;
};

enum {
  wfp_state_parked = 1,
  wfp_state_in_handler = 2,
  wfp_state_held = 4,
  wfp_state_view_shift = 8,
  wfp_state_sequence_shift = 24,
  wfp_form_frame = 1
};

#ifdef __cplusplus
extern "C" {
#else
extern __thread WfpThread *wfp_self __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern __thread uintptr_t *wfp_view __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern uintptr_t *wfp_view_tables[] __attribute__((visibility("hidden")));
extern uint8_t wfp_pending __attribute__((visibility("hidden")));
#endif

/* For a thread that the runtime meets for the first time, a change on its way, marks that a handler has left. */
__attribute__((visibility("hidden"), cold)) WfpThread *wfp_park_after_look(void *frame, uintptr_t form);

/* Barrier mode: the thread was held while it was parked. */
__attribute__((visibility("hidden"), cold)) void wfp_stay_held(WfpThread *thread);

/* (P); Model: PARK. */
static inline __attribute__((always_inline)) WfpThread *wfp_park_now(WfpThread *thread, uint64_t old, void *frame, uintptr_t form) {
  struct WfpParkWords *words = (struct WfpParkWords *)thread;
  __atomic_store_n(&words->park_sp, (uintptr_t)frame | form, __ATOMIC_RELAXED);
  __atomic_store_n(&words->state, (old + ((uint64_t)1 << wfp_state_sequence_shift)) | wfp_state_parked, __ATOMIC_RELEASE);
  return thread;
}

/* `pending`: whether a change is on its way; relaxed: a park that misses it is moved by the control thread. */
static inline __attribute__((always_inline)) WfpThread *wfp_park_inline(WfpThread *thread, uint8_t pending, void *frame,
                                                                        uintptr_t form) {
  if (__builtin_expect(!thread || pending, 0))
    return wfp_park_after_look(frame, form);
  uint64_t old = __atomic_load_n(&((struct WfpParkWords *)thread)->state, __ATOMIC_RELAXED);
  if (__builtin_expect((old & (wfp_state_parked | wfp_state_in_handler)) != 0, 0))
    return wfp_park_after_look(frame, form);
  return wfp_park_now(thread, old, frame, form);
}

/* Model: UNPARK.
 *
 * (U): acquire pairs with the control thread's (C), whose view and code this thread is going to use.  Once PARKED is gone nobody else
 * changes the view, so that it can be loaded: x86-64 has no instruction that clears bits and returns the rest. */
static inline __attribute__((always_inline)) void wfp_unpark_inline(WfpThread *thread) {
  if (!thread)
    return;
  struct WfpParkWords *words = (struct WfpParkWords *)thread;
  (void)__atomic_fetch_and(&words->state, ~(uint64_t)wfp_state_parked, __ATOMIC_ACQ_REL);
  uint64_t now = __atomic_load_n(&words->state, __ATOMIC_RELAXED);
  wfp_view = wfp_view_tables[(uint16_t)(now >> wfp_state_view_shift)];
  if (__builtin_expect((now & wfp_state_held) != 0, 0))
    wfp_stay_held(thread);
}

#ifdef __cplusplus
}
#endif
#endif
