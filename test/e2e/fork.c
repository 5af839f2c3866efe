// A fork's child takes updates itself, keeps those of its parent, and completes one that was on its way; parent and child do not
// disturb each other.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

int version(void), hold(void);
extern atomic_int holding, leave;

#ifndef PROGRAM
static int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
#ifdef NEW
int version(void) { return value_of(2); }
#else
int version(void) { return value_of(1); }
#endif
int hold(void) {
  holding = 1;
  while (!leave)
    ;
  return version();
}
#else

atomic_int holding, leave;
static void *hold_update(void *unused) { (void)unused; hold(); return NULL; }

static void in_child(void (*what)(const char *), const char *update) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    what(update);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void child_applies(const char *update) {
  CHECK(version() == 1);
  apply(update);
  CHECK(version() == 2);
  revert();
  CHECK(version() == 1);
  apply(update);
}

static void child_has_it(const char *update) {
  CHECK(version() == 2);
  char why[256];
  CHECK(wfp_apply(update, why, sizeof(why)) == 1 && strstr(why, "applied already"));
  revert();
  CHECK(version() == 1);
}

// The parent's thread that held the update is not in the child.
static void child_completes_it(const char *update) {
  (void)update;
  WAIT_UNTIL(settled());
  CHECK(version() == 2);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  in_child(child_applies, argv[1]);
  CHECK(version() == 1);
  apply(argv[1]);
  CHECK(version() == 2);
  in_child(child_has_it, argv[1]);
  CHECK(version() == 2);
  revert();

  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, hold_update, NULL) == 0);
  WAIT_UNTIL(holding);
  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "threads_moved=1"));
  in_child(child_completes_it, argv[1]);
  CHECK(!settled());
  leave = 1;
  pthread_join(thread, NULL);
  WAIT_UNTIL(settled());
  return 0;
}
#endif
