/* Waits for completions that other libraries make with system calls inside them: liburing's and libaio's.
 *
 * The symbols are weak: a program that links such a library statically keeps its own functions (and its waits are raw system
 * calls for us).  What was not found at load is looked for when it is called; -ENOSYS is what these functions give where they
 * do not work.
 *
 * They must stand before the library in the order of libraries, as nothing needs to that libc has: a program that was linked the other way
 * around calls the library's own.  That is said, at load and where such a wait holds a thread.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

struct io_uring;
struct io_uring_cqe;

/* CALL(name, version, (parameters), (arguments)): all return an int. */
#define WFP_LIBRARY_CALLS(CALL)                                                                                        \
  CALL(io_uring_enter, NULL, (unsigned fd, unsigned submit, unsigned wait, unsigned flags, sigset_t *mask),            \
       (fd, submit, wait, flags, mask))                                                                                \
  CALL(io_uring_enter2, NULL,                                                                                          \
       (unsigned fd, unsigned submit, unsigned wait, unsigned flags, void *argument, size_t size),                     \
       (fd, submit, wait, flags, argument, size))                                                                      \
  CALL(__io_uring_get_cqe, NULL,                                                                                       \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned submit, unsigned wait, sigset_t *mask),           \
       (ring, cqe, submit, wait, mask))                                                                                \
  CALL(__io_uring_sqring_wait, NULL, (struct io_uring * ring), (ring))                                                 \
  CALL(io_uring_wait_cqes, NULL,                                                                                       \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned wait, void *timeout, sigset_t *mask),             \
       (ring, cqe, wait, timeout, mask))                                                                               \
  CALL(io_uring_wait_cqe_timeout, NULL, (struct io_uring * ring, struct io_uring_cqe * *cqe, void *timeout),           \
       (ring, cqe, timeout))                                                                                           \
  CALL(io_uring_submit_and_wait, NULL, (struct io_uring * ring, unsigned wait), (ring, wait))                          \
  CALL(io_uring_submit_and_wait_timeout, NULL,                                                                         \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned wait, void *timeout, sigset_t *mask),             \
       (ring, cqe, wait, timeout, mask))                                                                               \
  CALL(io_getevents, "LIBAIO_0.4",                                                                                     \
       (void *context, long least, long most, void *events, struct timespec *timeout),                                 \
       (context, least, most, events, timeout))                                                                        \
  CALL(io_pgetevents, NULL,                                                                                            \
       (void *context, long least, long most, void *events, struct timespec *timeout, sigset_t *mask),                 \
       (context, least, most, events, timeout, mask))

#define DECLARE(name, version, parameters, arguments) static int(*real_##name) parameters;
WFP_LIBRARY_CALLS(DECLARE)

static const char *earlier_library;

const char *wfp_earlier_library(void) { return earlier_library; }

/* A look that fails leaves a message for dlerror(), which must not reach the program. */
void wfp_resolve_library_calls(void) {
#define RESOLVE_IN_SCOPE(name, version, parameters, arguments)                                                         \
  real_##name = (int(*) parameters)resolve_call(#name, version);                                                       \
  if (!earlier_library)                                                                                                \
    earlier_library = wfp_library_before_us(#name);
  WFP_LIBRARY_CALLS(RESOLVE_IN_SCOPE)
  dlerror();
}

#define DEFINE(name, version, parameters, arguments)                                                                   \
  EXPORT __attribute__((weak)) int wfp_call_##name parameters __asm__(#name);                                          \
  int wfp_call_##name parameters {                                                                                     \
    if (__builtin_expect(!real_##name, 0)) {                                                                           \
      real_##name = (int(*) parameters)wfp_find_anywhere(#name, version);                                              \
      if (!real_##name)                                                                                                \
        return -ENOSYS;                                                                                                \
    }                                                                                                                  \
    PARK();                                                                                                            \
    return real_##name arguments;                                                                                      \
  }

WFP_LIBRARY_CALLS(DEFINE)
