/* Blocking calls, interposed: the thread parks around the real one, so that the control thread can move it while it waits.
 *
 * One member with a wrapper for each call, so that libevent's or libstdc++'s own calls count too.  The wrapped call behaves
 * as before: arguments, errno, EINTR, time-outs, cancellation (the file is compiled with -fexceptions; when a cancelled
 * thread is unwound, the cleanup ends the park before any cleanup handler of the program runs).
 *
 * The real functions are resolved when the runtime is loaded (wfp_resolve_calls), never at first use.  Before that only other
 * libraries' constructors can arrive here: they get the plain system call.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* the checked forms are wrapped as functions of their own */

#include "runtime/src/interpose.h"
#include "runtime/src/park.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static void end_park(WfpThread **thread) { wfp_unpark(*thread); }

/* Everything of the program lies above the wrapper's frame: its return address is the first word that counts. */
#define PARK()                                                                                                         \
  __attribute__((cleanup(end_park), unused)) WfpThread *parked = wfp_park(__builtin_frame_address(0))

#define EXPORT __attribute__((visibility("default")))

/* The list of calls.  CALL(result, name, (parameters), (arguments), version, system call or -1)
 * `version` is asked for by name where glibc has several: RTLD_NEXT alone may give the oldest. */
#define WFP_CALLS(CALL)                                                                                                \
  CALL(int, epoll_wait, (int fd, struct epoll_event * events, int count, int timeout), (fd, events, count, timeout),    \
       NULL, SYS_epoll_wait)                                                                                           \
  CALL(int, epoll_pwait, (int fd, struct epoll_event * events, int count, int timeout, const sigset_t *mask),           \
       (fd, events, count, timeout, mask), NULL, -1)                                                                   \
  CALL(int, epoll_pwait2,                                                                                              \
       (int fd, struct epoll_event * events, int count, const struct timespec *timeout, const sigset_t *mask),          \
       (fd, events, count, timeout, mask), NULL, -1)                                                                   \
  CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), NULL, SYS_poll)              \
  CALL(int, ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),           \
       (fds, count, timeout, mask), NULL, -1)                                                                          \
  CALL(int, __poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t size), (fds, count, timeout, size),     \
       NULL, SYS_poll)                                                                                                 \
  CALL(int, __ppoll_chk,                                                                                               \
       (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size),          \
       (fds, count, timeout, mask, size), NULL, -1)                                                                    \
  CALL(int, select, (int count, fd_set * in, fd_set * out, fd_set * except, struct timeval * timeout),                  \
       (count, in, out, except, timeout), NULL, SYS_select)                                                            \
  CALL(int, pselect,                                                                                                   \
       (int count, fd_set * in, fd_set * out, fd_set * except, const struct timespec *timeout, const sigset_t *mask),   \
       (count, in, out, except, timeout, mask), NULL, -1)                                                              \
  CALL(int, accept, (int fd, struct sockaddr * address, socklen_t * length), (fd, address, length), NULL, SYS_accept)   \
  CALL(int, accept4, (int fd, struct sockaddr * address, socklen_t * length, int flags), (fd, address, length, flags),  \
       NULL, SYS_accept4)                                                                                              \
  CALL(int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), NULL,           \
       SYS_connect)                                                                                                    \
  CALL(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size), NULL, SYS_read)                          \
  CALL(ssize_t, __read_chk, (int fd, void *buffer, size_t size, size_t room), (fd, buffer, size, room), NULL,           \
       SYS_read)                                                                                                       \
  CALL(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count), NULL, SYS_readv)             \
  CALL(ssize_t, recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags), NULL, -1)              \
  CALL(ssize_t, __recv_chk, (int fd, void *buffer, size_t size, size_t room, int flags),                                \
       (fd, buffer, size, room, flags), NULL, -1)                                                                      \
  CALL(ssize_t, recvfrom,                                                                                              \
       (int fd, void *buffer, size_t size, int flags, struct sockaddr *address, socklen_t *length),                     \
       (fd, buffer, size, flags, address, length), NULL, SYS_recvfrom)                                                 \
  CALL(ssize_t, __recvfrom_chk,                                                                                        \
       (int fd, void *buffer, size_t size, size_t room, int flags, struct sockaddr *address, socklen_t *length),        \
       (fd, buffer, size, room, flags, address, length), NULL, -1)                                                     \
  CALL(ssize_t, recvmsg, (int fd, struct msghdr * message, int flags), (fd, message, flags), NULL, SYS_recvmsg)         \
  CALL(int, recvmmsg,                                                                                                  \
       (int fd, struct mmsghdr * messages, unsigned count, int flags, struct timespec *timeout),                        \
       (fd, messages, count, flags, timeout), NULL, SYS_recvmmsg)                                                      \
  CALL(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t * mutex), (condition, mutex),               \
       "GLIBC_2.3.2", -1)                                                                                              \
  CALL(int, pthread_cond_timedwait,                                                                                    \
       (pthread_cond_t * condition, pthread_mutex_t * mutex, const struct timespec *deadline),                          \
       (condition, mutex, deadline), "GLIBC_2.3.2", -1)                                                                \
  CALL(int, pthread_cond_clockwait,                                                                                    \
       (pthread_cond_t * condition, pthread_mutex_t * mutex, clockid_t clock, const struct timespec *deadline),         \
       (condition, mutex, clock, deadline), NULL, -1)                                                                  \
  CALL(int, cnd_wait, (cnd_t * condition, mtx_t * mutex), (condition, mutex), NULL, -1)                                 \
  CALL(int, cnd_timedwait, (cnd_t * condition, mtx_t * mutex, const struct timespec *deadline),                         \
       (condition, mutex, deadline), NULL, -1)                                                                         \
  CALL(int, sem_wait, (sem_t * semaphore), (semaphore), NULL, -1)                                                       \
  CALL(int, sem_timedwait, (sem_t * semaphore, const struct timespec *deadline), (semaphore, deadline), NULL, -1)       \
  CALL(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const struct timespec *deadline),                       \
       (semaphore, clock, deadline), NULL, -1)                                                                         \
  CALL(int, pthread_join, (pthread_t thread, void **result), (thread, result), NULL, -1)                                \
  CALL(int, pthread_timedjoin_np, (pthread_t thread, void **result, const struct timespec *deadline),                   \
       (thread, result, deadline), NULL, -1)                                                                           \
  CALL(int, pthread_clockjoin_np,                                                                                      \
       (pthread_t thread, void **result, clockid_t clock, const struct timespec *deadline),                             \
       (thread, result, clock, deadline), NULL, -1)                                                                    \
  CALL(int, thrd_join, (thrd_t thread, int *result), (thread, result), NULL, -1)                                        \
  CALL(int, sigwait, (const sigset_t *set, int *signal), (set, signal), NULL, -1)                                       \
  CALL(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info), (set, info), NULL, -1)                                 \
  CALL(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *timeout),                       \
       (set, info, timeout), NULL, -1)                                                                                 \
  CALL(int, sigsuspend, (const sigset_t *mask), (mask), NULL, -1)                                                       \
  CALL(int, pause, (void), (), NULL, SYS_pause)                                                                         \
  CALL(unsigned, sleep, (unsigned seconds), (seconds), NULL, -1)                                                        \
  CALL(int, usleep, (useconds_t microseconds), (microseconds), NULL, -1)                                                \
  CALL(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left), NULL, SYS_nanosleep)         \
  CALL(int, clock_nanosleep,                                                                                           \
       (clockid_t clock, int flags, const struct timespec *time, struct timespec *left), (clock, flags, time, left),    \
       "GLIBC_2.17", -1)                                                                                               \
  CALL(int, thrd_sleep, (const struct timespec *time, struct timespec *left), (time, left), NULL, -1)                   \
  CALL(pid_t, wait, (int *status), (status), NULL, -1)                                                                  \
  CALL(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), NULL, -1)                         \
  CALL(pid_t, wait3, (int *status, int options, struct rusage *usage), (status, options, usage), NULL, -1)              \
  CALL(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage), (pid, status, options, usage), NULL,  \
       SYS_wait4)                                                                                                      \
  CALL(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options), NULL, -1)

#define DECLARE_REAL(result, name, parameters, arguments, version, number) static result(*real_##name) parameters;
WFP_CALLS(DECLARE_REAL)

static void *resolve(const char *name, const char *version) {
  void *address = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
  return address ? address : dlsym(RTLD_NEXT, name);
}

void wfp_resolve_calls(void) {
#define RESOLVE(result, name, parameters, arguments, version, number)                                                  \
  real_##name = (result(*) parameters)resolve(#name, version);
  WFP_CALLS(RESOLVE)
}

/* Before wfp_resolve_calls: the plain system call where there is one that takes the same arguments, else resolve now (some
 * other library's constructor waits on a condition variable; the dynamic linker is in a state to answer).
 * The C name differs from the symbol's, since glibc's prototypes carry decorations (transparent unions, nonnull) of their own. */
#define UNPACK(...) __VA_OPT__(, ) __VA_ARGS__
#define DEFINE_WRAPPER(result, name, parameters, arguments, version, number)                                           \
  EXPORT result wfp_call_##name parameters __asm__(#name);                                                             \
  result wfp_call_##name parameters {                                                                                  \
    if (__builtin_expect(!real_##name, 0)) {                                                                           \
      if (number >= 0)                                                                                                 \
        return (result)syscall(number UNPACK arguments);                                                               \
      real_##name = (result(*) parameters)resolve(#name, version);                                                     \
    }                                                                                                                  \
    PARK();                                                                                                            \
    return real_##name arguments;                                                                                      \
  }

WFP_CALLS(DEFINE_WRAPPER)
