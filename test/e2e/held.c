// A thread in an affected function stays in its version until it has left the function, and status names the function; all
// others move meanwhile.  Inside the activation the old code is seen to the end.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp
// RUN: %wfdiff %t/old %t/new -o %t/allowed.wfp --allow-active outer
// RUN: %t/program %t/allowed.wfp allowed

#include "Inputs/harness.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif

extern sem_t go;
extern atomic_int inside, spin, in_spin;
int inner(void), outer(void), spinning(void);

#ifndef PROGRAM
// Neither inlined nor evaluated at compile time: the old outer() really calls it.
__attribute__((noinline)) int inner(void) {
  int value;
  __asm__ volatile("mov %1, %0" : "=r"(value) : "i"(VERSION));
  return value;
}

// Parks inside the affected function.
int outer(void) {
  int first = inner();
  inside = 1;
  sem_wait(&go);
  return 100 * VERSION + 10 * first + inner();
}

// Runs inside the affected function, polling.
int spinning(void) {
  int first = inner();
  in_spin = 1;
  while (spin)
    ;
  return 100 * VERSION + 10 * first + inner();
}
#else

sem_t go;
atomic_int inside, spin, in_spin;
static int results[2];
static void *park_inside(void *unused) { (void)unused; results[0] = outer(); return NULL; }
static void *spin_inside(void *unused) { (void)unused; results[1] = spinning(); return NULL; }

int main(int argc, char **argv) {
  CHECK(argc >= 2);
  int allowed = argc == 3;
  sem_init(&go, 0, 0);
  spin = 1;
  pthread_t parked, spinner;
  CHECK(pthread_create(&parked, NULL, park_inside, NULL) == 0);
  WAIT_UNTIL(inside);
  if (allowed) { // outer() may stay: it finishes in its old body, and calls the new inner()
    apply(argv[1]);
    sem_post(&go);
    pthread_join(parked, NULL);
    CHECK(results[0] == 112);
    return 0;
  }
  CHECK(pthread_create(&spinner, NULL, spin_inside, NULL) == 0);
  WAIT_UNTIL(in_spin);

  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "held_by=outer"));
  WAIT_UNTIL(strstr(status(), "held_by=spinning"));
  CHECK(!settled());
  CHECK(strstr(status_text, "threads_total=3\tthreads_moved=1"));
  CHECK(inner() == 2); // this thread has moved
  sem_post(&go);
  pthread_join(parked, NULL);
  CHECK(results[0] == 111); // saw the old version only
  CHECK(!settled());
  spin = 0;
  pthread_join(spinner, NULL);
  CHECK(results[1] == 111);
  WAIT_UNTIL(settled());
  return 0;
}
#endif
