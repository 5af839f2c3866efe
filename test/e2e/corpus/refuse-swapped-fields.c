// A caller whose code is the same, with a struct alive on its stack when its fields change places: refused.  And what --trust-type
// would take upon itself: the new callee takes one field for the other.
// RUN: %corpus %s %t -O2 -g
// REFUSED: struct pair: layout changed: fields in bytes, OLD | NEW: first i32 @0 | first i32 @4; second i32 @4 | second i32 @0; objects
// RUN: %wfdiff %t/old %t/new -o %t/trusted.wfp --trust-type 'struct pair' | FileCheck %s
// CHECK-NOT: function caller
// CHECK: 2 replaced, 0 added, 0 removed
// RUN: %wfclang -O2 -DPROGRAM -I%root/test/e2e -c %s -o %t/program.o && %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %t/program %t/trusted.wfp
#include "Inputs/corpus.h"

int caller(int (*wait)(void));

#ifndef PROGRAM
struct pair {
  int OLD_NEW(first, second), OLD_NEW(second, first);
};
static NOINLINE void fill(struct pair *pair) {
  pair->first = 1;
  __asm__ volatile("" ::: "memory");
  pair->second = 2;
}
static NOINLINE int first(const struct pair *pair) {
  __asm__ volatile("" ::: "memory");
  return pair->first;
}
int caller(int (*wait)(void)) {
  struct pair pair;
  fill(&pair);
  wait();
  return first(&pair);
}
#else

#include <pthread.h>
#include <semaphore.h>

static sem_t inside, go;
static int wait_inside(void) {
  sem_post(&inside);
  while (sem_wait(&go) != 0)
    ;
  return 0;
}
static void *call(void *unused) {
  (void)unused;
  return (void *)(long)caller(wait_inside);
}
static pthread_t begin(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, call, NULL) == 0);
  while (sem_wait(&inside) != 0)
    ;
  return thread;
}
static long end(pthread_t thread) {
  void *result;
  sem_post(&go);
  CHECK(pthread_join(thread, &result) == 0);
  return (long)result;
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && sem_init(&inside, 0, 0) == 0 && sem_init(&go, 0, 0) == 0);
  CHECK(end(begin()) == 1);
  pthread_t thread = begin();
  apply(argv[1]); // settles: nothing that changed is on the thread's stack
  CHECK(end(thread) == 2);
  CHECK(end(begin()) == 1);
  return 0;
}
#endif
