// A fork's child takes updates whatever its parent's control thread was doing at that moment: it finishes what had begun to be published, and
// knows nothing of what had not.
//
// A driver traces the control thread of the program through an update, its reversal, the update again and a second one upon it, and stops it after
// its system calls and, from the first change of text on, after each STRIDEth instruction; from the begin on with LINKING.  Each time the program
// forks.  The child sees one version, settles, and then goes from there through all versions and back.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for version in 1 2 3; do %wfclang -O2 -DVERSION=$version -c %s -o %t/$version/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/1 %t/2 -o %t/2.wfp && %wfdiff %t/2 %t/3 -o %t/3.wfp
// RUN: %clang -O2 -DDRIVER -I%root/runtime/include %s -o %t/driver
// RUN: %t/driver %t/program %t/2.wfp %t/3.wfp %t/log 499

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// What the driver and the program share.
struct Shared {
  atomic_int ready;
  atomic_int request;       // the driver's: 1 apply, 2 revert, 3 apply, 4 apply the second, 5 end
  atomic_long forks_wanted; // the driver's
  atomic_long forked;       // the program's: children that have ended well
};

int chain(void);

#if defined(DRIVER)
#include "Inputs/tracer.h"

static struct Shared *shared;
static const char *log_file;
static long stride, steps_to_fork;
static int linking;

// How many changes have settled.  From the log, since asking would make work for the control thread.
static int settled_changes(void) {
  char text[1 << 16];
  FILE *file = fopen(log_file, "r");
  size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
  if (file)
    fclose(file);
  text[size] = 0;
  char mark[64];
  snprintf(mark, sizeof(mark), "[%d]: settled view", program);
  int count = 0;
  for (char *at = text; (at = strstr(at, mark)); ++at)
    ++count;
  return count;
}

static void fork_now(void) {
  long wanted = ++shared->forks_wanted;
  while (shared->forked < wanted) {
    CHECK(waitpid(program, NULL, WNOHANG) == 0); // a child that fails ends the program
    usleep(50);
  }
}

// Lets the control thread go on until it stops again; false when the request has been fulfilled meanwhile.
static int go_on(int how, int request) {
  CHECK(ptrace(how, control, NULL, NULL) == 0);
  int state;
  pid_t stopped;
  while ((stopped = waitpid(control, &state, __WALL | WNOHANG)) == 0) {
    if (settled_changes() == request) { // it waits for requests
      state = interrupt_control_thread();
      break;
    }
    usleep(how == PTRACE_SYSCALL ? 20 : 0);
  }
  CHECK(stopped >= 0 && WIFSTOPPED(state));
  return how != PTRACE_SYSCALL || settled_changes() != request;
}

// The same call from the same place says little more: at most twice a request.
static int is_new(unsigned long place, int request) {
  static struct {
    unsigned long place;
    int request, times;
  } met[512];
  for (unsigned i = 0; i < 512; ++i) {
    if (met[i].place == place && met[i].request == request)
      return ++met[i].times <= 2;
    if (!met[i].place) {
      met[i].place = place;
      met[i].request = request;
      met[i].times = 1;
      return 1;
    }
  }
  CHECK(!"so many places");
  return 0;
}

static void make_change(int request) {
  shared->request = request;
  int critical = 0;
  while (go_on(PTRACE_SYSCALL, request)) {
    struct __ptrace_syscall_info info;
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, control, sizeof(info), &info) > 0);
    if (info.op != PTRACE_SYSCALL_INFO_EXIT)
      continue;
    if (is_new(registers().rip, request))
      fork_now();
    critical |= linking || may_change_shared_state((long)registers().orig_rax);
    while (critical && !at_system_call(registers().rip)) {
      CHECK(go_on(PTRACE_SINGLESTEP, request));
      if (--steps_to_fork <= 0) {
        fork_now();
        steps_to_fork = stride;
      }
    }
  }
}

int main(int argc, char **argv) {
  CHECK(argc == 6 || argc == 7);
  log_file = argv[4];
  stride = atol(argv[5]);
  linking = argc == 7;
  unlink(log_file);
  setenv("WFPATCH_LOG", log_file, 1);
  shared = start_program(argv[1], argv[2], argv[3], sizeof(struct Shared));
  int state;
  attach_to_control_thread(&shared->ready);
  for (int request = 1; request <= 4; ++request)
    make_change(request);
  CHECK(ptrace(PTRACE_DETACH, control, NULL, NULL) == 0);
  shared->request = 5;
  CHECK(waitpid(program, &state, 0) == program && WIFEXITED(state) && WEXITSTATUS(state) == 0);
  fprintf(stderr, "%ld children\n", (long)shared->forked);
  return 0;
}

#elif !defined(PROGRAM)
// Each version has a function and a variable that the one before has not.
#define CONCATENATE(a, b) a##b
#define NAME(a, b) CONCATENATE(a, b)
static int NAME(calls_of_, VERSION);
static __attribute__((noinline)) int NAME(version_, VERSION)(void) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  return value;
}
static __attribute__((noinline)) int version(void) {
  __asm__ volatile("" : "+m"(NAME(calls_of_, VERSION)));
  ++NAME(calls_of_, VERSION);
  return NAME(version_, VERSION)();
}
// 0 when what it calls is of another version than itself.
int chain(void) { return version() == VERSION && version() == VERSION ? VERSION : 0; }

#else
static struct Shared *shared;
static const char *second, *third; // updates to these versions

static void child(void) {
  int now = chain();
  CHECK(now >= 1 && now <= 3);
  WAIT_UNTIL(!strstr(status(), "state=moving"));
  for (now = chain(); now < 3;) {
    apply(now == 1 ? second : third);
    CHECK(chain() == ++now);
  }
  while (now > 1) {
    revert();
    CHECK(chain() == --now);
  }
  char why[256];
  CHECK(wfp_revert(NULL, why, sizeof(why)) == 1 && strstr(why, "no update is applied"));
  apply(second);
  apply(third);
  CHECK(chain() == 3);
}

static void *forks(void *unused) {
  for (long made = 0; shared->request != 5;) {
    if (made == shared->forks_wanted) {
      usleep(20);
      continue;
    }
    pid_t process = fork();
    if (process == 0) {
      child();
      _exit(0);
    }
    int state;
    CHECK(process > 0 && waitpid(process, &state, 0) == process && state == 0);
    shared->forked = ++made;
  }
  return unused;
}

int main(int argc, char **argv) {
  CHECK(argc == 4);
  second = argv[1];
  third = argv[2];
  shared = mmap(NULL, sizeof(struct Shared), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[3]), 0);
  CHECK(shared != MAP_FAILED);
  unsetenv("WFPATCH_LOG"); // of this process only
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, forks, NULL) == 0);
  shared->ready = 1;
  for (int next = 1; next <= 4; ++next) {
    while (shared->request != next)
      nap();
    next == 2 ? revert_now() : apply_now(next == 4 ? third : second);
  }
  while (shared->request != 5)
    nap();
  CHECK(chain() == 3);
  CHECK(pthread_join(thread, NULL) == 0);
  return 0;
}
#endif
