// C11 atomics, on which threads go on while code changes, and functions that use setjmp and longjmp, across versions too.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O1 -fno-pie
// DIFF: replaced function add
// DIFF: replaced function exchange
// DIFF: replaced function guarded
// DIFF: replaced function throw
#include "Inputs/corpus.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>

extern _Atomic long total, adds;
extern _Atomic int stop;
struct Pair {
  long first, second;
};
extern _Atomic(struct Pair *) head;
void add(long), throw(int);
struct Pair *exchange(struct Pair *);
int guarded(int, int (*)(int)), inner(int);

#ifndef PROGRAM
static jmp_buf place;
NOINLINE void throw(int value) { longjmp(place, value + OLD_NEW(1, 2)); }
int guarded(int value, int (*between)(int)) {
  volatile int depth = value;
  int caught = setjmp(place);
  if (caught)
    return caught * 100 + depth + OLD_NEW(0, 10000);
  depth += 5;
  throw(between(value));
  return -1;
}
void add(long by) {
  atomic_fetch_add_explicit(&total, by * OLD_NEW(1, 1000), memory_order_relaxed);
  atomic_fetch_add(&adds, 1);
}
struct Pair *exchange(struct Pair *next) {
  struct Pair *before = atomic_load(&head);
  next->first = OLD_NEW(1, 2);
  while (!atomic_compare_exchange_weak(&head, &before, next)) {
  }
  return before;
}
#else

_Atomic long total, adds;
_Atomic int stop;
_Atomic(struct Pair *) head;
static const char *update;
static void *adder(void *unused) {
  while (!atomic_load(&stop)) {
    add(1);
    nap(); // moves here too
  }
  return unused;
}
static int same(int value) { return value; }
static int applies(int value) {
  apply_now(update); // guarded() is active: this thread moves when it has returned
  return value;
}
int main(int argc, char **argv) {
  pthread_t threads[2];
  struct Pair pairs[2];
  (void)argc;
  update = argv[1];
  CHECK(guarded(1, same) == 206 && exchange(&pairs[0]) == 0 && pairs[0].first == 1);
  for (int i = 0; i < 2; ++i)
    CHECK(!pthread_create(&threads[i], 0, adder, 0));
  WAIT_UNTIL(atomic_load(&adds) > 10);
  CHECK(guarded(1, applies) == 206);
  WAIT_UNTIL(settled());
  CHECK(guarded(1, same) == 10306 && exchange(&pairs[1]) == &pairs[0] && pairs[1].first == 2);
  long at = atomic_load(&adds);
  WAIT_UNTIL(atomic_load(&adds) > at + 10);
  CHECK(atomic_load(&total) > 9000);
  revert();
  CHECK(guarded(1, same) == 206 && exchange(&pairs[0]) == &pairs[1]);
  atomic_store(&stop, 1);
  for (int i = 0; i < 2; ++i)
    CHECK(!pthread_join(threads[i], 0));
}
#endif
