// Barrier mode while threads are born all the time: one that begins while the others gather stops at once, and holds up nobody.
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

static atomic_int stop;
static atomic_long born;

static void *lives_shortly(void *unused) {
  CHECK(version() != 0);
  ++born;
  return unused;
}
static void *creates(void *unused) {
  while (!stop) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, lives_shortly, NULL) == 0 && pthread_join(thread, NULL) == 0);
  }
  return unused;
}

extern char **environ;
static void run(char *command, char *change, char *update) {
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  char *arguments[] = {command, change, pid, update ? update : NULL, update ? "--mode=barrier" : NULL, NULL};
  pid_t child;
  int state;
  CHECK(posix_spawn(&child, command, NULL, NULL, arguments, environ) == 0 && waitpid(child, &state, 0) == child);
  CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  enum { kThreads = 3 };
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_create(&threads[i], NULL, creates, NULL) == 0);
  for (int round = 0; round < 20; ++round) {
    WAIT_UNTIL(born > 0);
    run(argv[1], "apply", argv[2]);
    CHECK(version() == 2);
    run(argv[1], "revert", NULL);
    CHECK(version() == 1);
    born = 0;
  }
  stop = 1;
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}
#endif
