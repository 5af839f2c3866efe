/* Blocking calls, interposed: the thread parks around the real one, so that the control thread can move it while it waits.
 *
 * A wrapper for each call, so that libevent's or libstdc++'s own calls count too.  The wrapped call behaves
 * as before: arguments, errno, EINTR, time-outs, cancellation (the file is compiled with -fexceptions; when a cancelled
 * thread is unwound, the cleanup ends the park before any cleanup handler of the program runs).
 *
 * The real functions are resolved when the runtime is loaded (wfp_resolve_calls), never at first use.  Before that only other
 * libraries' constructors can arrive here: they get the plain system call.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* the checked forms are wrapped as functions of their own */

#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"

#include <aio.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

/* The list of calls (docs/quiescence.md has it too; a test compares). */
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
  CALL(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options), NULL, -1) \
  CALL(ssize_t, send, (int fd, const void *buffer, size_t size, int flags), (fd, buffer, size, flags), NULL, -1)        \
  CALL(ssize_t, sendto,                                                                                                \
       (int fd, const void *buffer, size_t size, int flags, const struct sockaddr *address, socklen_t length),          \
       (fd, buffer, size, flags, address, length), NULL, SYS_sendto)                                                   \
  CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), NULL, SYS_sendmsg)    \
  CALL(int, sendmmsg, (int fd, struct mmsghdr * messages, unsigned count, int flags), (fd, messages, count, flags),     \
       NULL, SYS_sendmmsg)                                                                                             \
  CALL(ssize_t, write, (int fd, const void *buffer, size_t size), (fd, buffer, size), NULL, SYS_write)                  \
  CALL(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), NULL, SYS_writev)           \
  CALL(ssize_t, sendfile, (int out, int in, off_t *offset, size_t size), (out, in, offset, size), NULL, SYS_sendfile)   \
  CALL(ssize_t, sendfile64, (int out, int in, off64_t *offset, size_t size), (out, in, offset, size), NULL,             \
       SYS_sendfile)                                                                                                   \
  CALL(ssize_t, splice, (int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags),                \
       (in, in_at, out, out_at, size, flags), NULL, SYS_splice)                                                        \
  CALL(ssize_t, tee, (int in, int out, size_t size, unsigned flags), (in, out, size, flags), NULL, SYS_tee)             \
  CALL(ssize_t, vmsplice, (int fd, const struct iovec *parts, size_t count, unsigned flags), (fd, parts, count, flags), \
       NULL, SYS_vmsplice)                                                                                             \
  CALL(int, flock, (int fd, int operation), (fd, operation), NULL, SYS_flock)                                           \
  CALL(int, lockf, (int fd, int command, off_t size), (fd, command, size), NULL, -1)                                    \
  CALL(int, lockf64, (int fd, int command, off64_t size), (fd, command, size), NULL, -1)                                \
  CALL(int, eventfd_read, (int fd, eventfd_t *value), (fd, value), NULL, -1)                                            \
  CALL(int, eventfd_write, (int fd, eventfd_t value), (fd, value), NULL, -1)                                            \
  CALL(int, aio_suspend, (const struct aiocb *const list[], int count, const struct timespec *timeout),                 \
       (list, count, timeout), NULL, -1)                                                                               \
  CALL(int, aio_suspend64, (const struct aiocb64 *const list[], int count, const struct timespec *timeout),             \
       (list, count, timeout), NULL, -1)                                                                               \
  CALL(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags),                                  \
       (queue, message, size, type, flags), NULL, SYS_msgrcv)                                                          \
  CALL(int, msgsnd, (int queue, const void *message, size_t size, int flags), (queue, message, size, flags), NULL,      \
       SYS_msgsnd)                                                                                                     \
  CALL(int, semop, (int set, struct sembuf * operations, size_t count), (set, operations, count), NULL, SYS_semop)      \
  CALL(int, semtimedop, (int set, struct sembuf * operations, size_t count, const struct timespec *timeout),            \
       (set, operations, count, timeout), NULL, SYS_semtimedop)                                                        \
  CALL(ssize_t, mq_receive, (mqd_t queue, char *message, size_t size, unsigned *priority),                              \
       (queue, message, size, priority), NULL, -1)                                                                     \
  CALL(ssize_t, mq_timedreceive,                                                                                       \
       (mqd_t queue, char *message, size_t size, unsigned *priority, const struct timespec *deadline),                  \
       (queue, message, size, priority, deadline), NULL, -1)                                                           \
  CALL(int, mq_send, (mqd_t queue, const char *message, size_t size, unsigned priority),                                \
       (queue, message, size, priority), NULL, -1)                                                                     \
  CALL(int, mq_timedsend,                                                                                              \
       (mqd_t queue, const char *message, size_t size, unsigned priority, const struct timespec *deadline),             \
       (queue, message, size, priority, deadline), NULL, -1)                                                           \
  CALL(int, pthread_barrier_wait, (pthread_barrier_t * barrier), (barrier), NULL, -1)

/* Those that enter the kernel only if there is something to wait for. */
#define WFP_WAITS(CALL)                                                                                                \
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
  CALL(int, thrd_join, (thrd_t thread, int *result), (thread, result), NULL, -1)

/* Names that glibc exports beside the ordinary ones. */
#define WFP_ALIASES(CALL)                                                                                              \
  CALL(ssize_t, __read, (int fd, void *buffer, size_t size), (fd, buffer, size), NULL, SYS_read)                        \
  CALL(ssize_t, __write, (int fd, const void *buffer, size_t size), (fd, buffer, size), NULL, SYS_write)                \
  CALL(ssize_t, __send, (int fd, const void *buffer, size_t size, int flags), (fd, buffer, size, flags), NULL, -1)      \
  CALL(int, __connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), NULL,         \
       SYS_connect)                                                                                                    \
  CALL(int, __poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), NULL, SYS_poll)            \
  CALL(int, __select, (int count, fd_set * in, fd_set * out, fd_set * except, struct timeval * timeout),                \
       (count, in, out, except, timeout), NULL, SYS_select)                                                            \
  CALL(int, __sigsuspend, (const sigset_t *mask), (mask), NULL, -1)                                                     \
  CALL(int, __nanosleep, (const struct timespec *time, struct timespec *left), (time, left), NULL, SYS_nanosleep)       \
  CALL(pid_t, __wait, (int *status), (status), NULL, -1)                                                                \
  CALL(pid_t, __waitpid, (pid_t pid, int *status, int options), (pid, status, options), NULL, -1)

WFP_CALLS(DECLARE_REAL)
WFP_WAITS(DECLARE_REAL)
WFP_ALIASES(DECLARE_REAL)

void wfp_resolve_calls(void) {
  WFP_CALLS(RESOLVE)
  WFP_WAITS(RESOLVE)
  WFP_ALIASES(RESOLVE)
}

WFP_CALLS(DEFINE_SYSTEM_CALL_WRAPPER)
WFP_WAITS(DEFINE_WRAPPER)
WFP_ALIASES(DEFINE_SYSTEM_CALL_WRAPPER)
