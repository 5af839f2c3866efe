// The control thread is stopped at every step of an update and of its reversal, and everybody else goes on: calls of patched functions, parks and
// wakes, contended locks, births and deaths, signals, exceptions' unwinding, dlopen and dlclose of instrumented code, fork.
//
// A driver traces the control thread alone (ptrace; the other threads are not touched).  It stops it at the entry and at the exit of each of its
// system calls, and, where it changes what other threads use (from the first change of text to the answer, and from each look at the tasks on), after
// each STRIDEth instruction as well.  Each time it waits until every kind of thread has made further steps, then lets the control thread go on: a thread
// that waited for the control thread, in user space or in the kernel, would make the test hang, which its alarm ends.  No time is measured.
//
// While the control thread runs, most kinds of thread pause: an update settles when a look at all tasks finds each of them moved, and a look that takes
// seconds, as here, would always find one that has just been born.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %wfclang -O2 -DLIBRARY -fPIC -shared %s -o %t/library.so
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread -ldl
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %clang -O2 -DDRIVER -I%root/runtime/include %s -o %t/driver
// RUN: %t/driver %t/program %t/update.wfp %t/library.so 41

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum Kind { kCalls, kSleeps, kWakes, kLocks, kBirths, kSignals, kUnwinds, kLoads, kForks, kKinds };

// What the driver and the program share.
struct Shared {
  atomic_long steps[kKinds]; // completed ones
  atomic_int ready;
  atomic_int request;        // the driver's: 1 apply, 2 revert, 3 end
  atomic_int done;           // the program's: the request that has been fulfilled, and has settled
  atomic_long allowed[kKinds]; // the driver's: how many steps may be made
  atomic_int more_allowed;     // futex: changes when there are more
};

int chain(void (*inside)(void));

#if defined(LIBRARY)
static __attribute__((noinline)) int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
int entry(int value) { return value_of(value) + 1; }

#elif defined(DRIVER)
#include "Inputs/tracer.h"

static struct Shared *shared;
static long stops, holds, instructions;

static int pauses(int kind) { return kind != kCalls && kind != kSleeps; }

// Waits until every kind has completed `count` further steps.  (Of those that do not pause, the first may have been under way.)
static void hold(long count) {
  long until[kKinds];
  ++holds;
  for (int kind = 0; kind < kKinds; ++kind) {
    until[kind] = shared->steps[kind] + (pauses(kind) ? count : count + 1);
    if (kind == kForks) // costs far more than the others
      until[kind] = shared->steps[kind] + count / 5;
    shared->allowed[kind] = until[kind];
  }
  ++shared->more_allowed;
  syscall(SYS_futex, &shared->more_allowed, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  for (int kind = 0; kind < kKinds; ++kind)
    while (shared->steps[kind] < until[kind])
      usleep(50);
}

// Lets the control thread go on until it stops again; false when the request has been fulfilled meanwhile.
static int go_on(int how, int request) {
  CHECK(ptrace(how, control, NULL, NULL) == 0);
  int state;
  pid_t stopped;
  while ((stopped = waitpid(control, &state, __WALL | WNOHANG)) == 0) {
    if (shared->done == request) { // it waits for requests
      state = interrupt_control_thread();
      break;
    }
    usleep(20);
  }
  CHECK(stopped >= 0 && WIFSTOPPED(state));
  ++stops;
  return shared->done != request;
}

static void make_change(int request, long stride) {
  enum { kNumbers = 512 };
  static char met[2][kNumbers];
  shared->request = request;
  long countdown = 1;
  while (go_on(PTRACE_SYSCALL, request)) {
    long call = (long)registers().orig_rax;
    struct __ptrace_syscall_info info;
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, control, sizeof(info), &info) > 0);
    int at_exit = info.op == PTRACE_SYSCALL_INFO_EXIT;
    // Long at the first stop of each sort.
    int first = call >= 0 && call < kNumbers && !met[at_exit][call];
    if (first)
      met[at_exit][call] = 1;
    hold(first ? 10 : 1);
    if (!at_exit || !may_change_shared_state(call))
      continue;
    while (!at_system_call(registers().rip)) {
      if (!go_on(PTRACE_SINGLESTEP, request))
        return;
      ++instructions;
      if (--countdown == 0) {
        hold(1);
        countdown = stride;
      }
    }
  }
}

static void give_up(int signal) {
  (void)signal;
  static const char kinds[kKinds][16] = {"calls", "sleeps", "wakes", "locks", "births", "signals", "unwinds", "loads", "forks"};
  for (int kind = 0; kind < kKinds; ++kind)
    fprintf(stderr, "%s: %ld steps\n", kinds[kind], (long)shared->steps[kind]);
  fprintf(stderr, "the program does not go on while its control thread is stopped (stop %ld)\n", stops);
  kill(program, SIGKILL);
  _exit(1);
}

int main(int argc, char **argv) {
  CHECK(argc == 5);
  shared = start_program(argv[1], argv[2], argv[3], sizeof(struct Shared));
  signal(SIGALRM, give_up);
  alarm(200);
  int state;
  attach_to_control_thread(&shared->ready);
  make_change(1, atol(argv[4]));
  make_change(2, atol(argv[4]));
  CHECK(ptrace(PTRACE_DETACH, control, NULL, NULL) == 0);
  shared->request = 3;
  ++shared->more_allowed;
  syscall(SYS_futex, &shared->more_allowed, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  CHECK(waitpid(program, &state, 0) == program && WIFEXITED(state) && WEXITSTATUS(state) == 0);
  fprintf(stderr, "%ld stops, %ld of them held, %ld single steps\n", stops, holds, instructions);
  CHECK(instructions > 0);
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
// 0 when what it calls is of another version than itself.
int chain(void (*inside)(void)) {
  int first = version();
  if (inside)
    inside();
  return first == VERSION && version() == VERSION ? VERSION : 0;
}

#else
#include <dlfcn.h>

static struct Shared *shared;
static const char *library;

static int ended(void) { return shared->request == 3; }
static void check(void (*inside)(void)) { CHECK(chain(inside) != 0); }
static void step(enum Kind kind) {
  long steps = ++shared->steps[kind];
  if (kind == kCalls || kind == kSleeps)
    return;
  for (int seen; seen = shared->more_allowed, steps >= shared->allowed[kind] && !ended();)
    syscall(SYS_futex, &shared->more_allowed, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void *calls(void *unused) {
  (void)unused;
  while (!ended()) {
    for (int i = 0; i < 100; ++i)
      check(NULL);
    step(kCalls);
    usleep(100); // leaves the processor to the others
  }
  return NULL;
}

static void park_shortly(void) { usleep(1); }
static void *sleeps(void *unused) {
  (void)unused;
  while (!ended()) {
    check(park_shortly);
    usleep(100);
    step(kSleeps);
  }
  return NULL;
}

// Two that wake one another.
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn;
static void *wakes(void *own) {
  while (!ended()) {
    pthread_mutex_lock(&turn_lock);
    while (turn != (int)(long)own && !ended())
      pthread_cond_wait(&turn_changed, &turn_lock);
    turn = !turn;
    pthread_cond_signal(&turn_changed);
    pthread_mutex_unlock(&turn_lock);
    check(NULL);
    step(kWakes);
  }
  pthread_cond_broadcast(&turn_changed);
  return NULL;
}

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static void *locks(void *unused) {
  (void)unused;
  while (!ended()) {
    pthread_mutex_lock(&contended);
    check(park_shortly);
    pthread_mutex_unlock(&contended);
    step(kLocks);
  }
  return NULL;
}

static pthread_key_t key;
static void last(void *unused) { (void)unused; check(NULL); }
static void *lives_shortly(void *unused) {
  CHECK(pthread_setspecific(key, &key) == 0);
  check(park_shortly);
  return unused;
}
static void *births(void *unused) {
  (void)unused;
  while (!ended()) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, lives_shortly, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    step(kBirths);
  }
  return NULL;
}

static _Thread_local volatile sig_atomic_t handled;
static void handler(int number) {
  (void)number;
  int error = errno;
  check(NULL);
  handled = 1;
  errno = error;
}
// To a running thread, and to one that waits.
static void *signals(void *unused) {
  (void)unused;
  sigset_t usual, blocked;
  sigemptyset(&usual);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  while (!ended()) {
    handled = 0;
    CHECK(raise(SIGUSR1) == 0 && handled);
    handled = 0;
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGUSR1);
    while (!handled)
      sigsuspend(&usual);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    step(kSignals);
  }
  return NULL;
}

// Unwinding through patched frames: a thread that ends itself inside them.
static void leave(void) { pthread_exit(NULL); }
static void *unwound(void *unused) {
  chain(leave);
  CHECK(!"pthread_exit returns");
  return unused;
}
static void *unwinds(void *unused) {
  (void)unused;
  while (!ended()) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, unwound, NULL) == 0 && pthread_join(thread, NULL) == 0);
    step(kUnwinds);
  }
  return NULL;
}

static void *loads(void *unused) {
  (void)unused;
  while (!ended()) {
    void *handle = dlopen(library, RTLD_NOW);
    CHECK(handle);
    int (*entry)(int) = (int (*)(int))dlsym(handle, "entry");
    CHECK(entry && entry(4) == 5);
    CHECK(dlclose(handle) == 0);
    step(kLoads);
  }
  return NULL;
}

static void *forks(void *unused) {
  (void)unused;
  while (!ended()) {
    pid_t child = fork();
    if (child == 0) {
      check(park_shortly);
      _exit(0);
    }
    int state;
    CHECK(child > 0 && waitpid(child, &state, 0) == child && state == 0);
    step(kForks);
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 4);
  library = argv[2];
  shared = mmap(NULL, sizeof(struct Shared), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[3]), 0);
  CHECK(shared != MAP_FAILED && pthread_key_create(&key, last) == 0);
  alarm(240);
  struct sigaction action = {.sa_handler = handler};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  static const struct {
    void *(*run)(void *);
    long argument;
  } kinds[] = {{calls, 0}, {sleeps, 0},  {wakes, 0},   {wakes, 1}, {locks, 0}, {locks, 0},
               {births, 0}, {signals, 0}, {unwinds, 0}, {loads, 0}, {forks, 0}};
  enum { kThreads = sizeof(kinds) / sizeof(kinds[0]) };
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_create(&threads[i], NULL, kinds[i].run, (void *)kinds[i].argument) == 0);
  shared->ready = 1;
  // The one thread that asks, and waits for the answer.
  for (int next = 1; next <= 2; ++next) {
    while (shared->request != next)
      nap();
    next == 1 ? apply_now(argv[1]) : revert_now();
    while (!settled())
      nap();
    shared->done = next;
  }
  CHECK(chain(NULL) == 1);
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}
#endif
