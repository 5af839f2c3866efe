// Inline functions and variables, static members and their templates: one of each in the program, whoever uses it, also a unit
// that used none before.
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// DIFF: replaced function Counter::next()
// DIFF: replaced function from_a()
// DIFF: replaced function from_b()
// DIFF: added function Counter::next()
#include "Inputs/corpus.h"

inline int shared = 10;
struct Counter {
  static inline int count = 100;
  static int plain;
  NOINLINE static int next() { return count += OLD_NEW(1, 10); }
};
inline int dynamic = [] { return Counter::plain * 2; }();
int from_a(), from_b();

#ifdef UNIT_a
int Counter::plain = 7;
int from_a() { return Counter::next() + shared++ * 1000 + OLD_NEW(0, Counter::plain * 1000000); }
#elif defined(UNIT_b)
int from_b() { return OLD_NEW(3, Counter::next() + shared * 1000 + Counter::plain * 1000000); }
#else

int main(int, char **argv) {
  CHECK(from_a() == 10101 && from_b() == 3 && dynamic == 14);
  ++Counter::plain;
  apply(argv[1]);
  CHECK(from_a() == 8011111 && from_b() == 8012121 && Counter::count == 121 && shared == 12);
  revert();
  CHECK(from_a() == 12122 && from_b() == 3);
}
#endif
