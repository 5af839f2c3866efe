// A fork while barrier mode gathers threads: the child does not stop for a barrier that nobody opens, has not got the update, and takes it itself; in
// the parent the barrier closes when the forking thread comes to it.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %wfpatch %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

int version(void);

#ifndef PROGRAM
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else

static atomic_int begun, stop;
static atomic_long turns;

static void *turns_round(void *unused) {
  while (!stop) {
    CHECK(version() != 0);
    ++turns;
  }
  return unused;
}

static void fork_and_check(const char *update) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    CHECK(version() == 1);
    for (int i = 0; i < 1000; ++i)
      version(); // polls
    apply(update);
    CHECK(version() == 2);
    revert();
    CHECK(version() == 1);
    _exit(0);
  }
  int state;
  CHECK(waitpid(child, &state, 0) == child && state == 0);
}

// Runs without a poll, so that it is never stopped, until the command has begun and the other thread stands still; then forks.
static void *forks(void *update) {
  __asm__ volatile("1: pause\n\t"
                   "cmpl $0, %0\n\t"
                   "je 1b\n\t"
                   "2: mov %1, %%rax\n\t"
                   "mov $50000000, %%ecx\n\t"
                   "3: dec %%ecx\n\t"
                   "jnz 3b\n\t"
                   "cmp %1, %%rax\n\t"
                   "jne 2b"
                   :
                   : "m"(begun), "m"(turns)
                   : "rax", "rcx", "cc", "memory");
  fork_and_check(update);
  return NULL;
}

extern char **environ;
static pid_t begin(char *command, char *change, char *update) {
  static char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  char *arguments[] = {command, change, pid, update, "--mode=barrier", NULL};
  pid_t child;
  CHECK(posix_spawn(&child, command, NULL, NULL, arguments, environ) == 0);
  return child;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  pthread_t turning, forking;
  CHECK(pthread_create(&turning, NULL, turns_round, NULL) == 0);
  CHECK(pthread_create(&forking, NULL, forks, argv[2]) == 0);
  WAIT_UNTIL(turns > 0);
  pid_t command = begin(argv[1], "apply", argv[2]);
  begun = 1;
  int state;
  CHECK(waitpid(command, &state, 0) == command && state == 0);
  CHECK(pthread_join(forking, NULL) == 0);
  CHECK(version() == 2);
  stop = 1;
  CHECK(pthread_join(turning, NULL) == 0);
  return 0;
}
#endif
