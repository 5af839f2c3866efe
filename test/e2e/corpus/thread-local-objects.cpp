// Thread-local objects with constructors and destructors.  Existing ones, of namespaces, classes and functions: constructed once in each
// thread, by whichever version uses them first, and destroyed when it ends, by the version that it is in.  New ones, in functions and, where
// the unit had none, in namespaces: constructed in each thread when it first uses them, also in threads that exist, and destroyed in those
// that used them, even if the update is reverted before.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: %corpus %s %t -O2 -g
// RUN: env CORPUS_ANY=1 %corpus %s %t -O2 -fPIC
// UNITS: a b
// DIFF: replaced function uses(int)
// DIFF: replaced function Counter::~Counter()
// DIFF: replaced function has_new(int)
// DIFF: replaced function uses_other_units(int)
// DIFF: added function __cxx_global_var_init
// DIFF: added function fresh_local()
// DIFF: added data fresh
// DIFF: added data __tls_guard
// DIFF: added data fresh_local()::only
// DIFF: added data guard variable for fresh_local()::only
#include "Inputs/corpus.h"
#include <atomic>
#include <pthread.h>

struct Counter {
  explicit Counter(int from);
  ~Counter();
  int value;
};
struct Holder {
  static thread_local Counter member;
};
extern thread_local Counter visible;
extern std::atomic<int> constructed, destroyed, destroyed_sum;
int uses(int by), has_new(int by), uses_other_units(int by);

#ifdef UNIT_a
static thread_local Counter own(1000);
thread_local Counter visible(2000), Holder::member(3000);
static NOINLINE Counter &local() {
  static thread_local Counter only(4000);
  return only;
}
Counter::Counter(int from) : value(from) { constructed++; }
Counter::~Counter() {
  destroyed++;
  destroyed_sum += OLD_NEW(1, 100);
}
int uses(int by) {
  own.value += by;
  Holder::member.value += by;
  local().value += by;
  return own.value + Holder::member.value + local().value + OLD_NEW(0, 100000);
}
#elif defined(UNIT_b)
#ifdef NEW
static thread_local Counter fresh(10);
static NOINLINE Counter &fresh_local() {
  static thread_local Counter only(20);
  return only;
}
int has_new(int by) { return (fresh.value += by) + (fresh_local().value += by); }
int uses_other_units(int by) { return visible.value += by; }
#else
int has_new(int by) { return by; }
int uses_other_units(int by) { return by; }
#endif
#else

std::atomic<int> constructed, destroyed, destroyed_sum;
static pthread_barrier_t barrier;
// Of a unit, all are constructed at once: three of a namespace or class, and one of the function.
static void *used_before(void *unused) {
  CHECK(uses(1) == 8003);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // applied
  CHECK(uses(1) == 8006 + 100000 && has_new(1) == 32 && has_new(1) == 34 && uses_other_units(1) == 2001);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // reverted
  CHECK(uses(1) == 8009 && has_new(1) == 1);
  return unused;
}
static void *used_later(void *unused) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // applied
  CHECK(uses_other_units(1) == 2001 && uses(1) == 8003 + 100000 && has_new(1) == 32);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier); // reverted
  CHECK(uses(1) == 8006);
  return unused;
}
static void *late(void *unused) {
  CHECK(uses(2) == 8006 + 100000 && has_new(2) == 34);
  return unused;
}
int main(int, char **argv) {
  pthread_t one, two, three;
  pthread_barrier_init(&barrier, 0, 3);
  CHECK(!pthread_create(&one, 0, used_before, 0) && !pthread_create(&two, 0, used_later, 0));
  pthread_barrier_wait(&barrier);
  CHECK(constructed == 4 && destroyed == 0);
  apply(argv[1]);
  CHECK(!pthread_create(&three, 0, late, 0) && !pthread_join(three, 0));
  CHECK(constructed == 4 + 6 && destroyed == 6 && destroyed_sum == 600); // with two new ones
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  CHECK(constructed == 10 + 2 + 6);
  revert();
  destroyed = destroyed_sum = 0;
  pthread_barrier_wait(&barrier);
  CHECK(!pthread_join(one, 0) && !pthread_join(two, 0));
  CHECK(constructed == 18 && destroyed == 12 && destroyed_sum == 12);
  CHECK(uses(0) == 8000 && constructed == 22);
}
#endif
