// A static variable and function that get external linkage, and the reverse: in C++ that changes the symbols' names.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function count()
// DIFF: replaced function helper(int)
// DIFF: replaced function other(int)
#include "Inputs/corpus.h"

int count();

#ifndef PROGRAM
namespace inner {
OLD_NEW(static, ) int hits = 5;
OLD_NEW(, static) int misses = 50;
} // namespace inner
OLD_NEW(static, ) int total;
NOINLINE OLD_NEW(static, ) int helper(int by) { return total += by + OLD_NEW(0, 100); }
NOINLINE OLD_NEW(, static) int other(int by) { return inner::hits += by + OLD_NEW(0, 100); }
int count() { return helper(1) * OLD_NEW(10000, 10001) + other(1) + ++inner::misses; }
#else

int main(int, char **argv) {
  CHECK(count() == 1 * 10000 + 6 + 51);
  apply(argv[1]);
  CHECK(count() == 102 * 10001 + 107 + 52);
  revert();
  CHECK(count() == 103 * 10000 + 108 + 53);
}
#endif
