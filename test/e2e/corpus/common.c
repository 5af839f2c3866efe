// COMMON symbols: the units share them, and the linker chose the largest; a new one; one that gets an initial value of zero.
// RUN: %corpus %s %t -O2 -fcommon
// UNITS: a b
// DIFF: replaced function in_a
// DIFF: replaced function in_b
// DIFF: added data fresh
#include "Inputs/corpus.h"

int in_a(int), in_b(int);

#ifdef UNIT_a
int shared, only_a OLD_NEW(, = 0);
int large[2];
#ifdef NEW
int fresh;
#endif
int in_a(int by) {
  large[1] = 11;
#ifdef NEW
  fresh += 1000;
  return (shared += by) + ++only_a * 100 + fresh;
#else
  return (shared += by) + ++only_a * 100;
#endif
}
#elif defined(UNIT_b)
int shared, large[16];
int in_b(int by) { return (shared += by) + (large[12] += OLD_NEW(1, 10)) + large[1]; }
#else

int main(int argc, char **argv) {
  (void)argc;
  CHECK(in_a(1) == 101 && in_b(2) == 3 + 1 + 11);
  apply(argv[1]);
  CHECK(in_a(1) == 4 + 200 + 1000 && in_b(2) == 6 + 11 + 11);
  revert();
  CHECK(in_a(1) == 7 + 300 && in_b(2) == 9 + 12 + 11);
}
#endif
