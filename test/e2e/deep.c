// Deep recursion.  A thread that is parked at its bottom is moved by the control thread, which checks 200 MB of stack in pieces, whether they look
// clean or hold a stale return address.  One that runs there does no more than a bounded part at a time, so that it changes over when it
// has come up, and status says why; one big frame is no hindrance.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

int outer(void (*inside)(void));

#ifndef PROGRAM
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
int outer(void (*inside)(void)) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  inside();
  return value;
}
#else

enum { kFrames = 900000, kStack = 256 << 20 };

static sem_t go;
static atomic_int ready, up, stop;
static uintptr_t stale;

static __attribute__((noinline)) void note(void) { stale = (uintptr_t)__builtin_return_address(0); }

static void park(void) {
  ready = 1;
  while (sem_wait(&go) != 0)
    ;
}
static void spin(void) {
  ready = 1;
  while (!stop)
    sched_yield();
}
static void spin_above(void) {
  up = 1;
  while (stop != 2)
    sched_yield();
}

static __attribute__((noinline)) int recurse(int depth, void (*wait)(void)) {
  volatile char frame[192];
  frame[0] = (char)depth;
  if (depth == 0)
    wait();
  else
    recurse(depth - 1, wait);
  return frame[0];
}

static __attribute__((noinline)) void big_frame(void (*wait)(void)) {
  volatile uintptr_t kept[8 << 20]; // 64 MB
  kept[0] = kept[(8 << 20) - 1] = stale;
  wait();
  CHECK(kept[0] == kept[(8 << 20) - 1]);
}

static void *parked(void *with_stale) {
  volatile uintptr_t kept = with_stale ? stale : 0;
  recurse(kFrames, park);
  return (void *)kept;
}
static void *parked_in_big_frame(void *unused) { (void)unused; big_frame(park); return NULL; }
static void *busy_in_big_frame(void *unused) { (void)unused; big_frame(spin); return NULL; }
static void *busy(void *unused) {
  (void)unused;
  recurse(kFrames, spin);
  spin_above();
  return NULL;
}

static pthread_t begin(void *(*start)(void *), void *argument) {
  pthread_attr_t attributes;
  pthread_t thread;
  ready = stop = 0;
  CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, kStack) == 0);
  CHECK(pthread_create(&thread, &attributes, start, argument) == 0);
  WAIT_UNTIL(ready);
  return thread;
}

static void moves(const char *update, void *(*start)(void *), void *argument) {
  pthread_t thread = begin(start, argument);
  apply(update);
  CHECK(outer(note) == 2);
  revert();
  CHECK(outer(note) == 1);
  stop = 1;
  sem_post(&go);
  pthread_join(thread, NULL);
  while (sem_trywait(&go) == 0)
    ;
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && sem_init(&go, 0, 0) == 0);
  CHECK(outer(note) == 1);
  moves(argv[1], parked, NULL);
  moves(argv[1], parked, &stale);
  moves(argv[1], parked_in_big_frame, NULL);
  moves(argv[1], busy_in_big_frame, NULL);

  pthread_t thread = begin(busy, NULL);
  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "held_by=(its stack, too deep"));
  CHECK(!settled());
  stop = 1;
  WAIT_UNTIL(up);
  WAIT_UNTIL(settled());
  stop = 2;
  pthread_join(thread, NULL);
  CHECK(outer(note) == 2);
  return 0;
}
#endif
