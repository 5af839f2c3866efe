/* syscall(), interposed: what waits without a function of libc's (futex: std::atomic::wait, std::counting_semaphore, std::latch,
 * std::barrier and other people's locks; epoll, io_uring and the like in other languages' runtimes).
 *
 * The symbol is in arch/<cpu>/syscall_entry.S, which lets every number that does not wait through without a frame of ours: some calls return
 * twice, or on another stack.  Result and errno are those of the real function, which is called either way; as
 * there, it is no cancellation point.
 */
#define _GNU_SOURCE

#include "runtime/src/interpose.h"
#include "runtime/src/interpose_wrap.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>

/* Numbers that the kernel's headers of this libc may lack. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif

#define WFP_HIDDEN __attribute__((visibility("hidden")))

/* Read by syscall_entry.S. */
typedef long SystemCall(long number, ...);
extern WFP_HIDDEN SystemCall wfp_plain_syscall;
WFP_HIDDEN SystemCall *wfp_real_syscall = wfp_plain_syscall;

#define BIT(word, number) ((number) / 64 == (word) ? UINT64_C(1) << (number) % 64 : 0)
#define WORD(word)                                                                                                     \
  (BIT(word, SYS_futex) | BIT(word, SYS_futex_waitv) | BIT(word, SYS_futex_wait) | BIT(word, SYS_epoll_wait) |          \
   BIT(word, SYS_epoll_pwait) | BIT(word, SYS_epoll_pwait2) | BIT(word, SYS_io_uring_enter) |                           \
   BIT(word, SYS_io_getevents) | BIT(word, SYS_io_pgetevents) | BIT(word, SYS_poll) | BIT(word, SYS_ppoll) |            \
   BIT(word, SYS_select) | BIT(word, SYS_pselect6) | BIT(word, SYS_read) | BIT(word, SYS_readv) |                       \
   BIT(word, SYS_write) | BIT(word, SYS_writev) | BIT(word, SYS_accept) | BIT(word, SYS_accept4) |                      \
   BIT(word, SYS_connect) | BIT(word, SYS_recvfrom) | BIT(word, SYS_recvmsg) | BIT(word, SYS_recvmmsg) |                \
   BIT(word, SYS_sendto) | BIT(word, SYS_sendmsg) | BIT(word, SYS_sendmmsg) | BIT(word, SYS_nanosleep) |                \
   BIT(word, SYS_clock_nanosleep) | BIT(word, SYS_pause) | BIT(word, SYS_wait4) | BIT(word, SYS_waitid) |               \
   BIT(word, SYS_rt_sigtimedwait) | BIT(word, SYS_rt_sigsuspend) | BIT(word, SYS_flock) | BIT(word, SYS_fcntl) |        \
   BIT(word, SYS_msgrcv) | BIT(word, SYS_msgsnd) | BIT(word, SYS_semop) | BIT(word, SYS_semtimedop) |                   \
   BIT(word, SYS_mq_timedreceive) | BIT(word, SYS_mq_timedsend) | BIT(word, SYS_sendfile) | BIT(word, SYS_splice) |     \
   BIT(word, SYS_tee) | BIT(word, SYS_vmsplice))

/* A bit for each number that may wait. */
WFP_HIDDEN const uint64_t wfp_blocking_syscalls[8] = {WORD(0), WORD(1), WORD(2), WORD(3),
                                                      WORD(4), WORD(5), WORD(6), WORD(7)};

void wfp_resolve_syscall(void) {
  void *real = resolve_call("syscall", NULL);
  if (real)
    wfp_real_syscall = (SystemCall *)real;
}

static int may_wait(long number, long second) {
  if (number == SYS_fcntl)
    return second == F_SETLKW || second == F_OFD_SETLKW;
  if (number != SYS_futex)
    return 1;
  switch (second & FUTEX_CMD_MASK) {
  case FUTEX_WAIT:
  case FUTEX_WAIT_BITSET:
  case FUTEX_WAIT_REQUEUE_PI:
  case FUTEX_LOCK_PI:
  case 13: /* FUTEX_LOCK_PI2 */
    return 1;
  default:
    return 0;
  }
}

/* Where syscall_entry.S jumps for a number with its bit set, all as the caller left it: arguments that the caller did not
 * give are whatever was there, as in the real function. */
WFP_HIDDEN RETURN_BY_JUMP long wfp_blocking_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (!may_wait(number, b))
    return wfp_real_syscall(number, a, b, c, d, e, f);
  PARK();
  return wfp_real_syscall(number, a, b, c, d, e, f);
}
