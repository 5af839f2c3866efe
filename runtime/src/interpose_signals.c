/* sigaction() and its kin, interposed: the kernel calls our entry, the entry calls the program's handler (signal_entry.h).
 *
 * The program sees what it installed: handler and flags of its own come back as the old action.  Handlers live in one table
 * entry a signal, exchanged atomically; the kernel's action is changed right after.  A signal that arrives in between runs the new
 * handler under the old mask and flags.
 * All functions are async-signal-safe, as those that they replace.
 */
#define _GNU_SOURCE

#include "runtime/src/signal_entry.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define SIGNALS 65

typedef void Handler(int, siginfo_t *, void *);

static int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);
static _Atomic(Handler *) handlers[SIGNALS];
/* Whether the program asked for SA_SIGINFO: told back in the old action. */
static atomic_bool with_siginfo[SIGNALS];
/* siginterrupt(): handlers installed with signal() from now on do not restart calls. */
static atomic_bool interrupting[SIGNALS];

static int is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == wfp_signal_entry;
}

static int is_handler(const struct sigaction *action) {
  return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN && action->sa_handler != SIG_HOLD;
}

static void leave(struct WfpInterrupted *interrupted) { wfp_leave_handler(interrupted); }

void wfp_signal_entry(int signal, siginfo_t *info, void *context) {
  int error = errno;
  /* Cleanup also when the handler throws, or the thread is cancelled in it. */
  __attribute__((cleanup(leave))) struct WfpInterrupted interrupted;
  wfp_enter_handler(&interrupted, __builtin_frame_address(0));
  errno = error;
  Handler *handler = atomic_load_explicit(&handlers[signal], memory_order_acquire);
  handler(signal, info, context);
}

EXPORT int wfp_call_sigaction(int signal, const struct sigaction *action, struct sigaction *old) __asm__("sigaction");
EXPORT int wfp_call___sigaction(int signal, const struct sigaction *action, struct sigaction *old)
    __asm__("__sigaction");

int wfp_call_sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
  if (__builtin_expect(!real_sigaction, 0))
    wfp_prepare_signals();
  if (signal <= 0 || signal >= SIGNALS)
    return real_sigaction(signal, action, old);
  struct sigaction entry, before;
  Handler *handler_before = atomic_load_explicit(&handlers[signal], memory_order_acquire);
  int siginfo_before = atomic_load_explicit(&with_siginfo[signal], memory_order_relaxed);
  const struct sigaction *installed = action;
  if (action && is_handler(action) && !is_ours(action)) {
    entry = *action;
    entry.sa_sigaction = wfp_signal_entry;
    entry.sa_flags |= SA_SIGINFO;
    installed = &entry;
    handler_before = atomic_exchange_explicit(&handlers[signal], action->sa_sigaction, memory_order_acq_rel);
    atomic_store_explicit(&with_siginfo[signal], (action->sa_flags & SA_SIGINFO) != 0, memory_order_relaxed);
  }
  int result = real_sigaction(signal, installed, &before);
  if (result != 0) {
    if (installed == &entry) { /* a signal that cannot be handled: nothing has changed */
      atomic_store_explicit(&handlers[signal], handler_before, memory_order_release);
      atomic_store_explicit(&with_siginfo[signal], siginfo_before, memory_order_relaxed);
    }
    return result;
  }
  if (old) {
    *old = before;
    if (is_ours(&before)) {
      old->sa_sigaction = handler_before;
      if (!siginfo_before)
        old->sa_flags &= ~SA_SIGINFO;
    }
  }
  return 0;
}

int wfp_call___sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
  return wfp_call_sigaction(signal, action, old);
}

/* signal() in its two meanings; the rest of the family are names for one of them. */
static sighandler_t install(int signal, sighandler_t handler, int flags, int mask_itself) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
  if (handler == SIG_ERR || signal <= 0 || signal >= SIGNALS) {
    errno = EINVAL;
    return SIG_ERR;
  }
  sigemptyset(&action.sa_mask);
  if (mask_itself)
    sigaddset(&action.sa_mask, signal);
  return wfp_call_sigaction(signal, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

static sighandler_t bsd(int signal, sighandler_t handler) {
  int restart = signal <= 0 || signal >= SIGNALS || !atomic_load_explicit(&interrupting[signal], memory_order_relaxed);
  return install(signal, handler, restart ? SA_RESTART : 0, 1);
}

static sighandler_t system_v(int signal, sighandler_t handler) {
  return install(signal, handler, SA_RESETHAND | SA_NODEFER, 0);
}

#define ALIAS(name, meaning)                                                                                           \
  EXPORT sighandler_t wfp_call_##name(int signal, sighandler_t handler) __asm__(#name);                                \
  sighandler_t wfp_call_##name(int signal, sighandler_t handler) { return meaning(signal, handler); }
ALIAS(signal, bsd)
ALIAS(bsd_signal, bsd)
ALIAS(ssignal, bsd)
ALIAS(sysv_signal, system_v)
ALIAS(__sysv_signal, system_v)

EXPORT int wfp_call_siginterrupt(int signal, int interrupt) __asm__("siginterrupt");
int wfp_call_siginterrupt(int signal, int interrupt) {
  struct sigaction action;
  if (wfp_call_sigaction(signal, NULL, &action) < 0)
    return -1;
  atomic_store_explicit(&interrupting[signal], interrupt != 0, memory_order_relaxed);
  if (interrupt)
    action.sa_flags &= ~SA_RESTART;
  else
    action.sa_flags |= SA_RESTART;
  return wfp_call_sigaction(signal, &action, NULL);
}

/* sigset(), which also changes the signal mask (POSIX, obsolescent). */
EXPORT sighandler_t wfp_call_sigset(int signal, sighandler_t handler) __asm__("sigset");
sighandler_t wfp_call_sigset(int signal, sighandler_t handler) {
  struct sigaction old;
  sigset_t set, before;
  if (sigemptyset(&set) < 0 || sigaddset(&set, signal) < 0)
    return SIG_ERR;
  if (handler == SIG_HOLD) {
    if (sigprocmask(SIG_BLOCK, &set, &before) < 0 || wfp_call_sigaction(signal, NULL, &old) < 0)
      return SIG_ERR;
  } else {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    if (wfp_call_sigaction(signal, &action, &old) < 0 || sigprocmask(SIG_UNBLOCK, &set, &before) < 0)
      return SIG_ERR;
  }
  return sigismember(&before, signal) ? SIG_HOLD : old.sa_handler;
}

void wfp_prepare_signals(void) {
  real_sigaction = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
  for (int signal = 1; signal < SIGNALS; ++signal) {
    struct sigaction action;
    if (real_sigaction(signal, NULL, &action) == 0 && is_handler(&action) && !is_ours(&action))
      wfp_call_sigaction(signal, &action, NULL);
  }
}
