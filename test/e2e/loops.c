// Busy threads move at their loops' back edges: no blocking call, no annotation.  At -O0 as at -O3.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: for level in 0 1 2 3 s; do \
// RUN:   %wfclang -O$level -DPROGRAM -c %s -o %t/program.o && \
// RUN:   %wfclang -O$level -c %s -o %t/old/unit.o && %wfclang -O$level -DNEW -c %s -o %t/new/unit.o && \
// RUN:   %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread && \
// RUN:   %wfdiff %t/old %t/new -o %t/update.wfp && %t/program %t/update.wfp || exit 1; \
// RUN: done

#include "Inputs/harness.h"
#include <pthread.h>
#include <stdatomic.h>

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

static atomic_int stop, latest[3], flag;

static void *calls_in_a_loop(void *unused) {
  (void)unused;
  while (!atomic_load_explicit(&stop, memory_order_relaxed))
    atomic_store_explicit(&latest[0], version(), memory_order_relaxed);
  return NULL;
}

static void *nested_loops(void *unused) {
  (void)unused;
  for (;;)
    for (volatile int i = 0; i < 1000000000; ++i) { // the inner loop alone runs for a long time
      if (atomic_load_explicit(&stop, memory_order_relaxed))
        return NULL;
      atomic_store_explicit(&latest[1], version(), memory_order_relaxed);
    }
}

static void *spins_on_an_atomic(void *unused) {
  (void)unused;
  while (!atomic_load_explicit(&flag, memory_order_acquire))
    ;
  atomic_store(&latest[2], version());
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  pthread_t threads[3];
  CHECK(pthread_create(&threads[0], NULL, calls_in_a_loop, NULL) == 0);
  CHECK(pthread_create(&threads[1], NULL, nested_loops, NULL) == 0);
  CHECK(pthread_create(&threads[2], NULL, spins_on_an_atomic, NULL) == 0);
  WAIT_UNTIL(latest[0] == 1 && latest[1] == 1);
  apply(argv[1]);
  WAIT_UNTIL(latest[0] == 2 && latest[1] == 2);
  revert();
  WAIT_UNTIL(latest[0] == 1 && latest[1] == 1);
  apply(argv[1]);
  flag = 1;
  WAIT_UNTIL(latest[2] == 2);
  stop = 1;
  for (int i = 0; i < 3; ++i)
    pthread_join(threads[i], NULL);
  return 0;
}
#endif
