// Thread-local variables: those that exist, in each access model, keep their value in each thread; new ones begin as zero in
// threads that exist and in those to come.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fPIC
// RUN: %corpus %s %t -O2 -fPIC -ftls-model=local-dynamic
// RUN: %corpus %s %t -O2 -ftls-model=initial-exec
// UNITS: a b
// DIFF: replaced function next
// DIFF: replaced function other
// DIFF: added data fresh
// DIFF: added data other.local
#include "Inputs/corpus.h"
#include <pthread.h>

int next(int), other(int), stays(int);
extern _Thread_local int visible;

#ifdef UNIT_a
_Thread_local int visible = 5;
static _Thread_local int own = 50;
static _Thread_local long padding[4];
#ifdef NEW
static _Thread_local int fresh;
#endif
int next(int by) {
  visible += by;
  own += by * OLD_NEW(1, 2);
  padding[by & 3]++;
#ifdef NEW
  return visible + own + ++fresh * 10000;
#else
  return visible + own;
#endif
}
int stays(int by) { return own + by; }
#elif defined(UNIT_b)

int other(int by) {
#ifdef NEW
  static _Thread_local int local[3];
  return visible * 1000 + (local[2] += by);
#else
  return visible * 1000 + by;
#endif
}
#else

static pthread_barrier_t barrier;
static void *thread(void *unused) {
  CHECK(next(1) == 57 && other(2) == 6002);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // applied
  CHECK(next(1) == 7 + 53 + 10000 && next(0) == 60 + 20000 && other(2) == 7002 && other(2) == 7004 && stays(0) == 53);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // reverted
  CHECK(next(1) == 8 + 54 && other(2) == 8002 && visible == 8);
  return unused;
}
static void *late(void *unused) {
  CHECK(next(1) == 6 + 52 + 10000 && other(3) == 6003);
  return unused;
}
int main(int argc, char **argv) {
  pthread_t one, two;
  (void)argc;
  pthread_barrier_init(&barrier, 0, 2);
  CHECK(!pthread_create(&one, 0, thread, 0));
  pthread_barrier_wait(&barrier);
  CHECK(next(10) == 15 + 60);
  apply(argv[1]);
  CHECK(next(10) == 25 + 80 + 10000 && other(0) == 25000);
  CHECK(!pthread_create(&two, 0, late, 0) && !pthread_join(two, 0));
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  revert();
  pthread_barrier_wait(&barrier);
  CHECK(!pthread_join(one, 0) && next(0) == 105);
}
#endif
