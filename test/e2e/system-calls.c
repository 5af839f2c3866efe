// The runtime makes no system call on the program's threads: each of them makes exactly those that it makes without the runtime, with no update,
// while one is on its way (held up by a thread, so that all polls and parks take the long way), while threads change over, and when it has settled.
//
// Each kind of thread does the same work over and over, and begins each turn with a system call that marks it.  A driver traces these threads (ptrace),
// first without the runtime, then with it, and compares turn by turn the numbers of all system calls.  (A thread's start and end are left out.)
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %clang -O2 -DDRIVER -I%root/runtime/include %s -o %t/driver
// RUN: %t/driver %t/program %t/update.wfp %librt/libwfpatch.so %wfpatch

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#pragma weak wfp_park_begin
#pragma weak wfp_park_end
enum Kind { kCalls, kHolds, kTransfers, kWaits, kLocks, kSleeps, kSignals, kUnwinds, kRaw, kKinds };
static const char *const kind_names[kKinds] = {"calls", "holds",  "transfers", "waits", "locks",
                                               "sleeps", "signals", "unwinds",   "raw"};
// The mark: a call that fails, and that nobody else makes; its argument says what it marks.
#define MARK SYS_sched_get_priority_min
enum { kTurn = 1000, kEnd = 2000 };

struct Shared {
  atomic_int tids[kKinds];
  atomic_int go;   // futex: the driver is watching
  atomic_int hold; // the driver's: one thread stays in a patched function
  atomic_int holding;
  atomic_int stop;
};

int chain(void (*inside)(void)), stay(atomic_int *hold, atomic_int *holding);

#if defined(DRIVER)
#include <sys/ptrace.h>
#include <sys/user.h>

enum { kLongest = 64, kEnough = 50 };
struct Turn {
  int count;
  int calls[kLongest];
};
static struct Turn expected[2][kKinds], present[kKinds]; // the first turn, and all later ones
static int begun[kKinds], ended[kKinds];
static long turns[kKinds], all_calls;
static struct Shared *shared;
static pid_t program;
static int with_runtime;

static void show(const char *what, const struct Turn *turn) {
  fprintf(stderr, "  %s:", what);
  for (int i = 0; i < turn->count; ++i)
    fprintf(stderr, " %d", turn->calls[i]);
  fprintf(stderr, "\n");
}

static void fail(const char *kind, const char *why) {
  fprintf(stderr, "%s, %s the runtime: %s\n", kind, with_runtime ? "with" : "without", why);
  kill(program, SIGKILL);
  _exit(1);
}

// The first turn without the runtime is what the first turn with it must be (libc does some things once); the second one, what all others must be.
static void end_turn(int kind) {
  struct Turn *model = &expected[turns[kind] > 0][kind];
  if (!with_runtime && turns[kind] < 2)
    *model = present[kind];
  if (model->count != present[kind].count ||
      memcmp(model->calls, present[kind].calls, sizeof(int) * (size_t)model->count) != 0) {
    show("expected", model);
    show("found", &present[kind]);
    fail(kind_names[kind], "other system calls");
  }
  ++turns[kind];
}

static void note_call(int kind, long number, long argument) {
  ++all_calls;
  if (number != MARK) {
    if (present[kind].count == kLongest)
      fail(kind_names[kind], "more system calls than any turn makes");
    present[kind].calls[present[kind].count++] = (int)number;
    return;
  }
  if (begun[kind])
    end_turn(kind);
  begun[kind] = 1;
  present[kind].count = 0;
  ended[kind] = argument == kEnd;
}

static int kind_of(pid_t thread) {
  for (int kind = 0; kind < kKinds; ++kind)
    if (shared->tids[kind] == thread)
      return kind;
  return kKinds;
}

// Watches until `done` says so; `command` (0: none) has then ended with 0.
static void watch(int (*done)(void), pid_t command) {
  int all_done = 0;
  while (!(all_done = all_done || done()) || command) {
    int state;
    pid_t stopped = waitpid(-1, &state, __WALL);
    CHECK(stopped > 0);
    if (stopped == command) {
      if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        fail("wfpatch", "the update was not applied or reverted");
      command = 0;
      continue;
    }
    int kind = kind_of(stopped);
    if (kind == kKinds || !WIFSTOPPED(state))
      fail("the program", "ended");
    if (WSTOPSIG(state) == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, stopped, sizeof(info), &info) > 0);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        note_call(kind, (long)info.entry.nr, (long)info.entry.args[0]);
      if (ended[kind]) {
        CHECK(ptrace(PTRACE_DETACH, stopped, NULL, NULL) == 0);
        continue;
      }
    }
    int signal = WSTOPSIG(state) == (SIGTRAP | 0x80) || state >> 16 ? 0 : WSTOPSIG(state);
    CHECK(ptrace(PTRACE_SYSCALL, stopped, NULL, (void *)(long)signal) == 0);
  }
}

static long wanted[kKinds];
static void want_turns(long count) {
  for (int kind = 0; kind < kKinds; ++kind)
    wanted[kind] = turns[kind] + (kind == kHolds ? 0 : count);
}
static int enough_turns(void) {
  for (int kind = 0; kind < kKinds; ++kind)
    if (turns[kind] < wanted[kind])
      return 0;
  return 1;
}
static int is_holding(void) { return shared->holding; }
static int not_holding(void) { return !shared->holding; }
static int all_ended(void) {
  int count = 0;
  for (int kind = 0; kind < kKinds; ++kind)
    count += ended[kind];
  return count == kKinds;
}

static pid_t start(char *const *arguments, const char *preload, int quiet) {
  pid_t child = fork();
  if (child == 0) {
    if (preload)
      setenv("LD_PRELOAD", preload, 1);
    if (quiet)
      dup2(2, 1);
    execv(arguments[0], arguments);
    _exit(127);
  }
  CHECK(child > 0);
  return child;
}

// A change that a thread holds up, so that the others work for a while in each of its stages.
static void change(char *wfpatch, const char *how, char *update) {
  shared->hold = 1;
  watch(is_holding, 0);
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", program);
  char *publish[] = {wfpatch, (char *)how, pid, update ? update : "--no-wait", update ? "--no-wait" : NULL, NULL};
  want_turns(0);
  watch(enough_turns, start(publish, NULL, 1));
  want_turns(kEnough); // on its way, for as long as they are at it
  watch(enough_turns, 0);
  shared->hold = 0;
  watch(not_holding, 0);
  want_turns(kEnough);
  watch(enough_turns, 0);
}

static void run(char **argv) {
  char *settled[] = {"/bin/sh", "-c", "", NULL};
  char number[16], text[1024];
  int memory = memfd_create("shared", 0);
  CHECK(memory >= 0 && ftruncate(memory, sizeof(struct Shared)) == 0);
  shared = mmap(NULL, sizeof(struct Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  CHECK(shared != MAP_FAILED);
  memset(begun, 0, sizeof(begun));
  memset(ended, 0, sizeof(ended));
  memset(turns, 0, sizeof(turns));
  snprintf(number, sizeof(number), "%d", memory);
  char *arguments[] = {argv[1], number, NULL};
  program = start(arguments, with_runtime ? argv[3] : NULL, 0);
  close(memory);
  int state;
  for (int kind = 0; kind < kKinds; ++kind) {
    while (!shared->tids[kind]) {
      CHECK(waitpid(program, &state, WNOHANG) == 0);
      usleep(1000);
    }
    pid_t thread = shared->tids[kind];
    CHECK(ptrace(PTRACE_SEIZE, thread, NULL, (void *)PTRACE_O_TRACESYSGOOD) == 0);
    CHECK(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0 && waitpid(thread, &state, __WALL) == thread);
    CHECK(ptrace(PTRACE_SYSCALL, thread, NULL, NULL) == 0);
  }
  shared->go = 1;
  syscall(SYS_futex, &shared->go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  want_turns(4 * kEnough);
  watch(enough_turns, 0);
  if (with_runtime) {
    // Each settles before the next: the command waits for that.
    snprintf(text, sizeof(text), "until %s status %d --json | grep -q '\"state\":[ ]*\"settled\"'; do :; done", argv[4],
             program);
    settled[2] = text;
    change(argv[4], "apply", argv[2]);
    want_turns(kEnough);
    watch(enough_turns, start(settled, NULL, 1));
    change(argv[4], "revert", NULL);
  }
  shared->stop = 1;
  watch(all_ended, 0);
  CHECK(waitpid(program, &state, __WALL) == program && WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void give_up(int signal) {
  (void)signal;
  for (int kind = 0; kind < kKinds; ++kind)
    fprintf(stderr, "%s: %ld turns\n", kind_names[kind], turns[kind]);
  fail("the test", "takes too long");
}

int main(int argc, char **argv) {
  CHECK(argc == 5);
  signal(SIGALRM, give_up);
  alarm(200);
  run(argv);
  with_runtime = 1;
  run(argv);
  long all_turns = 0;
  for (int kind = 0; kind < kKinds; ++kind)
    all_turns += turns[kind];
  fprintf(stderr, "%ld turns with the runtime and %ld system calls in all, none other than without\n", all_turns, all_calls);
  return 0;
}

#elif !defined(PROGRAM)
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
static __attribute__((noinline)) int version(void) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  return value;
}
int chain(void (*inside)(void)) {
  int first = version();
  if (inside)
    inside();
  return first == VERSION && version() == VERSION ? VERSION : 0;
}
int stay(atomic_int *hold, atomic_int *holding) {
  int own = VERSION;
  __asm__ volatile("" : "+r"(own));
  *holding = 1;
  while (*hold)
    ;
  *holding = 0;
  return own;
}

#else
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unwind.h>

static struct Shared *shared;
static int file;

static void check(void (*inside)(void)) { CHECK(chain(inside) != 0); }

static void calls(void) {
  for (int i = 0; i < 20000; ++i)
    check(NULL);
}

static void holds(void) {
  for (volatile int i = 0; i < 1000; ++i)
    ;
  if (shared->hold)
    CHECK(stay(&shared->hold, &shared->holding) != 0);
}

// What may block, but does not.
static int own_pipe[2], own_sockets[2], own_epoll;
static void transfers(void) {
  char byte = 1;
  struct pollfd in = {own_pipe[0], POLLIN, 0};
  struct timeval at_once = {0, 0};
  struct epoll_event event;
  fd_set set;
  check(NULL);
  CHECK(write(own_pipe[1], &byte, 1) == 1 && poll(&in, 1, -1) == 1 && read(own_pipe[0], &byte, 1) == 1);
  CHECK(send(own_sockets[0], &byte, 1, 0) == 1 && epoll_wait(own_epoll, &event, 1, -1) == 1);
  FD_ZERO(&set);
  FD_SET(own_sockets[1], &set);
  CHECK(select(own_sockets[1] + 1, &set, NULL, NULL, NULL) == 1 && recv(own_sockets[1], &byte, 1, 0) == 1);
  CHECK(poll(&in, 1, 0) == 0 && select(0, NULL, NULL, NULL, &at_once) == 0 && epoll_wait(own_epoll, &event, 1, 0) == 0);
  CHECK(flock(file, LOCK_EX) == 0 && flock(file, LOCK_UN) == 0);
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  CHECK(fcntl(file, F_SETLKW, &range) == 0);
}

// Parked for good, until there is something; the thread that transfers feeds it.
static int feed[2];
static void waits(void) {
  char byte;
  CHECK(read(feed[0], &byte, 1) == 1);
  check(NULL);
}

static void locks(void) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_rwlock_t shared_lock = PTHREAD_RWLOCK_INITIALIZER;
  static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  static sem_t semaphore; // zero: as sem_init makes it
  struct timespec past = {1, 0};
  for (int i = 0; i < 100; ++i) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    check(NULL);
    CHECK(pthread_cond_signal(&condition) == 0 && pthread_mutex_unlock(&mutex) == 0);
    CHECK(pthread_rwlock_rdlock(&shared_lock) == 0 && pthread_rwlock_unlock(&shared_lock) == 0);
    CHECK(pthread_rwlock_wrlock(&shared_lock) == 0 && pthread_rwlock_unlock(&shared_lock) == 0);
    CHECK(sem_post(&semaphore) == 0 && sem_wait(&semaphore) == 0);
  }
  pthread_mutex_lock(&mutex);
  CHECK(pthread_cond_timedwait(&condition, &mutex, &past) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  CHECK(sem_timedwait(&semaphore, &past) < 0);
}

static void sleeps_inside(void) { usleep(1); }
static void sleeps(void) {
  struct timespec shortly = {0, 1000};
  check(sleeps_inside);
  CHECK(nanosleep(&shortly, NULL) == 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &shortly, NULL) == 0);
  sched_yield();
}

static volatile sig_atomic_t handled;
static void handle(int number) {
  (void)number;
  check(NULL);
  sleeps_inside();
  check(NULL);
  handled = 1;
}
static void signals(void) {
  sigset_t usual, blocked, other;
  sigemptyset(&usual);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigemptyset(&other);
  sigaddset(&other, SIGUSR2);
  handled = 0;
  CHECK(raise(SIGUSR1) == 0 && handled);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  raise(SIGUSR1);
  sigsuspend(&usual); // interrupted while parked
  pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
  pthread_sigmask(SIG_BLOCK, &other, NULL);
  int number;
  raise(SIGUSR2);
  CHECK(sigwait(&other, &number) == 0 && number == SIGUSR2);
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *count) {
  (void)context;
  ++*(int *)count;
  return _URC_NO_REASON;
}
static void look_up(void) {
  int count = 0;
  _Unwind_Backtrace(count_frame, &count);
  CHECK(count > 3);
}
static void unwinds(void) { check(look_up); }

static void raw(void) {
  atomic_int word = 0;
  check(NULL);
  CHECK(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0) < 0 && errno == EAGAIN);
  syscall(SYS_gettid);
  void *token = wfp_park_begin ? wfp_park_begin() : NULL;
  if (wfp_park_end)
    wfp_park_end(token);
}

static void (*const work[kKinds])(void) = {calls, holds, transfers, waits, locks, sleeps, signals, unwinds, raw};
static void *run(void *kind) {
  long own = (long)kind;
  shared->tids[own] = (int)syscall(SYS_gettid);
  while (!shared->go)
    syscall(SYS_futex, &shared->go, FUTEX_WAIT, 0, NULL, NULL, 0);
  while (!shared->stop) {
    syscall(MARK, kTurn);
    work[own]();
    if (own == kTransfers)
      CHECK(write(feed[1], &own, 1) == 1);
  }
  syscall(MARK, kEnd);
  if (own == kTransfers)
    CHECK(write(feed[1], &own, 1) == 1);
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  alarm(240);
  shared = mmap(NULL, sizeof(struct Shared), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[1]), 0);
  CHECK(shared != MAP_FAILED);
  CHECK(pipe(own_pipe) == 0 && pipe(feed) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, own_sockets) == 0);
  struct epoll_event event = {.events = EPOLLIN};
  CHECK((own_epoll = epoll_create1(0)) >= 0 && epoll_ctl(own_epoll, EPOLL_CTL_ADD, own_sockets[1], &event) == 0);
  CHECK((file = memfd_create("locked", 0)) >= 0);
  struct sigaction action = {.sa_handler = handle};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  pthread_t threads[kKinds];
  for (long kind = 0; kind < kKinds; ++kind)
    CHECK(pthread_create(&threads[kind], NULL, run, (void *)kind) == 0);
  for (int kind = 0; kind < kKinds; ++kind)
    CHECK(pthread_join(threads[kind], NULL) == 0);
  return 0;
}
#endif
