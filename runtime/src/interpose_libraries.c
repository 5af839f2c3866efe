/* Waits for completions that other libraries make with system calls inside them: liburing's and libaio's.
 *
 * The symbols are weak: a program that links such a library statically keeps its own functions (and its waits are raw system
 * calls for us).  The library may come by dlopen(RTLD_LOCAL), where RTLD_NEXT does not look: what was not found at load is then looked for by
 * the library's name.  -ENOSYS is what these functions give where they do not work.
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

#define URING "liburing.so.2"
#define AIO "libaio.so.1"

/* CALL(name, library, version, (parameters), (arguments)): all return an int. */
#define WFP_LIBRARY_CALLS(CALL)                                                                                        \
  CALL(io_uring_enter, URING, NULL, (unsigned fd, unsigned submit, unsigned wait, unsigned flags, sigset_t *mask),      \
       (fd, submit, wait, flags, mask))                                                                                \
  CALL(io_uring_enter2, URING, NULL,                                                                                   \
       (unsigned fd, unsigned submit, unsigned wait, unsigned flags, void *argument, size_t size),                      \
       (fd, submit, wait, flags, argument, size))                                                                      \
  CALL(__io_uring_get_cqe, URING, NULL,                                                                                \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned submit, unsigned wait, sigset_t *mask),            \
       (ring, cqe, submit, wait, mask))                                                                                \
  CALL(__io_uring_sqring_wait, URING, NULL, (struct io_uring * ring), (ring))                                           \
  CALL(io_uring_wait_cqes, URING, NULL,                                                                                \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned wait, void *timeout, sigset_t *mask),              \
       (ring, cqe, wait, timeout, mask))                                                                               \
  CALL(io_uring_wait_cqe_timeout, URING, NULL, (struct io_uring * ring, struct io_uring_cqe * *cqe, void *timeout),     \
       (ring, cqe, timeout))                                                                                           \
  CALL(io_uring_submit_and_wait, URING, NULL, (struct io_uring * ring, unsigned wait), (ring, wait))                    \
  CALL(io_uring_submit_and_wait_timeout, URING, NULL,                                                                  \
       (struct io_uring * ring, struct io_uring_cqe * *cqe, unsigned wait, void *timeout, sigset_t *mask),              \
       (ring, cqe, wait, timeout, mask))                                                                               \
  CALL(io_getevents, AIO, "LIBAIO_0.4",                                                                                \
       (void *context, long least, long most, void *events, struct timespec *timeout),                                  \
       (context, least, most, events, timeout))                                                                        \
  CALL(io_pgetevents, AIO, NULL,                                                                                       \
       (void *context, long least, long most, void *events, struct timespec *timeout, sigset_t *mask),                  \
       (context, least, most, events, timeout, mask))

#define DECLARE(name, library, version, parameters, arguments) static int(*real_##name) parameters;
WFP_LIBRARY_CALLS(DECLARE)

static const char *earlier_library;

const char *wfp_earlier_library(void) { return earlier_library; }

/* A look that fails leaves a message for dlerror(), which must not reach the program. */
void wfp_resolve_library_calls(void) {
#define RESOLVE_IN_SCOPE(name, library, version, parameters, arguments)                                                \
  real_##name = (int(*) parameters)resolve_call(#name, version);                                                       \
  if (!earlier_library)                                                                                                \
    earlier_library = library_before_us(#name, (const void *)real_##name);
  WFP_LIBRARY_CALLS(RESOLVE_IN_SCOPE)
  dlerror();
}

static void *find_in_library(const char *library, const char *name, const char *version) {
  void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
  void *address = handle && version ? dlvsym(handle, name, version) : NULL;
  if (handle && !address)
    address = dlsym(handle, name);
  if (!address)
    dlerror();
  return address; /* the handle keeps the library: its function is going to be called */
}

#define DEFINE(name, library, version, parameters, arguments)                                                          \
  EXPORT __attribute__((weak)) int wfp_call_##name parameters __asm__(#name);                                          \
  int wfp_call_##name parameters {                                                                                     \
    if (__builtin_expect(!real_##name, 0)) {                                                                           \
      real_##name = (int(*) parameters)find_in_library(library, #name, version);                                       \
      if (!real_##name)                                                                                                \
        return -ENOSYS;                                                                                                \
    }                                                                                                                  \
    PARK();                                                                                                            \
    return real_##name arguments;                                                                                      \
  }

WFP_LIBRARY_CALLS(DEFINE)
