// Every activation of an affected function sees one version only, whatever the threads do while updates come and go without waiting
// for one another: busy loops, parks of microseconds, births and deaths, handlers (on the thread's and on an
// alternate stack, in parked threads too), siglongjmp out of handlers, deep recursion, cancellation.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp 300

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

int chain(void (*inside)(void)), recurse(int depth, void (*inside)(void)), leaf(void);

#ifndef PROGRAM
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
#define OPAQUE __attribute__((noinline))

OPAQUE int leaf(void) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  return value;
}
OPAQUE int middle(void) {
  int first = leaf();
  return first == leaf() ? first : 0;
}

// 0 when anything in it saw another version.
int chain(void (*inside)(void)) {
  int first = middle();
  if (inside)
    inside();
  int second = middle();
  return first == VERSION && second == VERSION && leaf() == VERSION ? VERSION : 0;
}

int recurse(int depth, void (*inside)(void)) {
  if (depth == 0)
    return chain(inside);
  int below = recurse(depth - 1, inside);
  return below == VERSION && leaf() == VERSION ? VERSION : 0;
}
#else

static atomic_int stop, wrong;
static atomic_long activations[8];

static void check(int kind, int version) {
  ++activations[kind];
  if (version != 1 && version != 2 && !wrong++)
    fprintf(stderr, "an activation of kind %d saw two versions\n", kind);
}

static void park_shortly(void) { usleep(50); }
static void spin_shortly(void) {
  for (volatile int i = 0; i < 200; ++i)
    ;
}

static void *busy(void *unused) {
  (void)unused;
  for (int i = 0; !stop; ++i)
    check(0, chain(i % 64 ? NULL : spin_shortly));
  return NULL;
}
static void *parks(void *unused) {
  (void)unused;
  while (!stop) {
    check(1, chain(NULL));
    usleep(30);
    check(1, chain(park_shortly));
  }
  return NULL;
}
static void *deep(void *unused) {
  (void)unused;
  for (int i = 0; !stop; ++i) {
    check(2, recurse(i % 200, park_shortly));
    usleep(100);
  }
  return NULL;
}
static void *short_lived(void *unused) {
  (void)unused;
  check(3, chain(park_shortly));
  return NULL;
}
static void *cancelled(void *unused) {
  (void)unused;
  for (;;) {
    check(3, chain(NULL));
    usleep(1000000);
  }
}
static void *creates(void *unused) {
  (void)unused;
  while (!stop) {
    pthread_t made, cancelled_one;
    CHECK(pthread_create(&made, NULL, short_lived, NULL) == 0);
    CHECK(pthread_create(&cancelled_one, NULL, cancelled, NULL) == 0);
    usleep(200);
    pthread_cancel(cancelled_one);
    pthread_join(made, NULL);
    pthread_join(cancelled_one, NULL);
  }
  return NULL;
}

static _Thread_local sigjmp_buf back;
static _Thread_local volatile sig_atomic_t may_jump;
static void handler(int signal) {
  int error = errno;
  check(4, chain(NULL));
  if (may_jump && signal == SIGUSR2) {
    may_jump = 0;
    siglongjmp(back, 1);
  }
  check(4, chain(NULL));
  errno = error;
}
static void *takes_signals(void *on_alternate_stack) {
  stack_t stack = {.ss_size = 64 * 1024};
  if (on_alternate_stack) {
    CHECK((stack.ss_sp = malloc(stack.ss_size)));
    CHECK(sigaltstack(&stack, NULL) == 0);
  }
  while (!stop) {
    if (sigsetjmp(back, 1) == 0) {
      may_jump = 1;
      usleep(300); // left by siglongjmp if SIGUSR2 arrives
    }
    may_jump = 0;
    check(5, chain(NULL));
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  int rounds = atoi(argv[2]);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  void *(*const kinds[])(void *) = {busy, parks, parks, deep, creates, takes_signals, takes_signals};
  enum { kThreads = sizeof(kinds) / sizeof(kinds[0]) };
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_create(&threads[i], NULL, kinds[i], i == kThreads - 1 ? &stop : NULL) == 0);

  char why[1024] = "";
  long refused = 0;
  int applied = 0;
  for (int round = 0; round < rounds && !wrong; ++round) {
    // Not waiting for the update before; too many on their way at once is a refusal, and harmless.
    if (!applied)
      applied = wfp_apply(argv[1], why, sizeof(why)) == 0;
    refused += !applied;
    for (int i = 5; i < kThreads; ++i)
      pthread_kill(threads[i], round % 3 ? SIGUSR1 : SIGUSR2);
    if (round % 4 == 0)
      usleep(2000);
    if (applied)
      applied = wfp_revert(NULL, why, sizeof(why)) != 0;
    refused += applied;
    for (int i = 1; i < kThreads; ++i)
      if (kinds[i] != creates)
        pthread_kill(threads[i], SIGUSR1);
  }
  fprintf(stderr, "%d rounds, %ld refused (last: %s)\n", rounds, refused, why);
  CHECK(!wrong);
  WAIT_UNTIL(settled());
  stop = 1;
  for (int i = 0; i < kThreads; ++i)
    pthread_join(threads[i], NULL);
  for (int kind = 0; kind < 6; ++kind) {
    fprintf(stderr, "kind %d: %ld activations\n", kind, (long)activations[kind]);
    CHECK(activations[kind] > 0);
  }
  CHECK(chain(NULL) == (applied ? 2 : 1));
  return wrong != 0;
}
#endif
