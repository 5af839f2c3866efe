// Ends and other processes: what a program starts and becomes while an update is on its way, and what runs last in a thread.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

int version(void), chain(void (*inside)(void)), hold(void);
extern atomic_int holding, leave;

#ifndef PROGRAM
static __attribute__((noinline)) int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
int version(void) { return value_of(VERSION); }
// 0 when what it calls is of another version than itself.
int chain(void (*inside)(void)) {
  int first = version();
  if (inside)
    inside();
  return first == VERSION && version() == VERSION ? VERSION : 0;
}
int hold(void) {
  int own = VERSION; // in its own code, wherever the optimiser puts that of the functions it calls: what changes is what holds
  __asm__ volatile("" : "+r"(own));
  holding = 1;
  while (!leave)
    ;
  return version() - own;
}
#else

atomic_int holding, leave;
extern char **environ;
static const char *self, *update;

static void *hold_update(void *unused) { (void)unused; hold(); return NULL; }

static int exit_code(pid_t child) {
  int state;
  CHECK(child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state));
  return WEXITSTATUS(state);
}

// ---- while an update is held back: the other threads have moved, and see one version

static void by_vfork(void) {
  pid_t child = vfork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
    _exit(1);
  }
  CHECK(exit_code(child) == 7);
}
static void by_failed_exec(void) {
  pid_t child = vfork();
  if (child == 0) {
    execl("/nonexistent", "x", (char *)NULL);
    _exit(8);
  }
  CHECK(exit_code(child) == 8);
}
static void by_spawn(void) {
  pid_t child;
  char *arguments[] = {"sh", "-c", "exit 9", NULL};
  CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0 && exit_code(child) == 9);
}
static void by_system(void) { CHECK(WEXITSTATUS(system("exit 10")) == 10); }
static void by_popen(void) {
  char line[16];
  FILE *pipe = popen("echo hello", "r");
  CHECK(pipe && fgets(line, sizeof(line), pipe) && strcmp(line, "hello\n") == 0 && pclose(pipe) == 0);
}
static void (*const others[])(void) = {by_vfork, by_failed_exec, by_spawn, by_system, by_popen};

static void *in_activation(void *index) {
  int seen = chain(others[(long)index]); // one version to its end, whatever is published meanwhile
  CHECK(seen == 1 || seen == 2);
  return NULL;
}

// ---- what runs last in a thread, detached or not: destructors of thread-specific data

static pthread_key_t key;
static atomic_int ended, ended_in[3];
static void last(void *unused) {
  (void)unused;
  int seen = chain(NULL);
  CHECK(seen == 1 || seen == 2);
  ++ended_in[seen];
  ++ended;
}
static void *ends(void *unused) {
  (void)unused;
  CHECK(pthread_setspecific(key, &key) == 0);
  return NULL;
}
static void end_threads(int count, int expected) {
  pthread_attr_t detached;
  CHECK(pthread_attr_init(&detached) == 0 && pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
  ended = ended_in[1] = ended_in[2] = 0;
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    CHECK(pthread_create(&thread, &detached, ends, NULL) == 0);
  }
  WAIT_UNTIL(ended == count);
  CHECK(ended_in[expected] == count);
}

// ---- nested handlers that leave a parked call by siglongjmp

static sigjmp_buf back;
static volatile sig_atomic_t depth;
static int ends_of_pipe[2];
static void jump(int number) {
  int seen = chain(NULL);
  CHECK(seen == 1 || seen == 2);
  if (number == SIGUSR1) {
    raise(SIGUSR2); // nested
    depth = 1;
    siglongjmp(back, 1);
  }
}
static atomic_int in_read;
static void *jumps_out(void *wanted) {
  char byte;
  if (sigsetjmp(back, 1) == 0) {
    in_read = 1;
    CHECK(read(ends_of_pipe[0], &byte, 1) < 0);
    CHECK(!"the handler jumps");
  }
  CHECK(depth == 1 && chain(NULL) == (int)(long)wanted);
  usleep(1000); // parks again
  CHECK(chain(NULL) == (int)(long)wanted);
  return NULL;
}
static void jump_out_of_a_park(int wanted) {
  pthread_t thread;
  depth = 0;
  in_read = 0;
  CHECK(pthread_create(&thread, NULL, jumps_out, (void *)(long)wanted) == 0);
  WAIT_UNTIL(in_read);
  WAIT_UNTIL(strstr(status(), "state=parked"));
  pthread_kill(thread, SIGUSR1);
  CHECK(pthread_join(thread, NULL) == 0);
}

// ---- the program that a thread becomes while an update is on its way

static void *becomes_another(void *unused) {
  (void)unused;
  char *arguments[] = {(char *)self, (char *)update, "again", NULL};
  execve("/proc/self/exe", arguments, environ);
  CHECK(!"execve returns");
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc >= 2);
  self = argv[0];
  update = argv[1];
  CHECK(chain(NULL) == 1); // a new program begins as it was built
  if (argc == 3) {
    apply(update);
    CHECK(chain(NULL) == 2);
    return 0;
  }
  alarm(60);
  CHECK(pipe(ends_of_pipe) == 0 && pthread_key_create(&key, last) == 0);
  struct sigaction action = {.sa_handler = jump};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);

  end_threads(20, 1);
  jump_out_of_a_park(1);
  pthread_t holder, thread;
  CHECK(pthread_create(&holder, NULL, hold_update, NULL) == 0);
  WAIT_UNTIL(holding);
  // Activations that are in the middle of starting a process when the update comes, and later.
  enum { kOthers = sizeof(others) / sizeof(others[0]) };
  pthread_t starting[kOthers];
  for (long i = 0; i < kOthers; ++i)
    CHECK(pthread_create(&starting[i], NULL, in_activation, (void *)i) == 0);
  apply_now(update);
  CHECK(!settled());
  for (int i = 0; i < kOthers; ++i)
    CHECK(pthread_join(starting[i], NULL) == 0);
  for (int i = 0; i < kOthers; ++i)
    others[i]();
  nap();
  WAIT_UNTIL(chain(others[0]) == 2);
  end_threads(20, 2);
  jump_out_of_a_park(2);
  leave = 1;
  CHECK(pthread_join(holder, NULL) == 0);
  WAIT_UNTIL(settled());
  end_threads(20, 2);
  revert();
  end_threads(20, 1);

  leave = holding = 0;
  CHECK(pthread_create(&holder, NULL, hold_update, NULL) == 0);
  WAIT_UNTIL(holding);
  apply_now(update);
  CHECK(!settled());
  CHECK(pthread_create(&thread, NULL, becomes_another, NULL) == 0);
  pthread_join(thread, NULL);
  return 1; // not reached
}
#endif
