// Copies of a function that the compiler specialises for its callers (`compute.specialized.1`): one more caller's shifts their
// numbers, and each keeps to its own.
// RUN: %corpus %s %t -O3 -mllvm -force-specialization
// DIFF: replaced function run
// DIFF: added function compute.specialized.3
#include "Inputs/corpus.h"

int run(int, int), stays(int);

#ifndef PROGRAM
extern int steps;
static int plus(int x) { return ++steps + x; }
static int minus(int x) { return ++steps - x; }
#ifdef NEW
static int times(int x) { return ++steps * x; }
#endif
static NOINLINE int compute(int x, int (*op)(int)) {
  int total = 0;
  for (int i = 0; i < x; i++)
    total += op(i) * op(i + 1);
  return total + op(x);
}
int run(int x, int y) {
#ifdef NEW
  if (y == 2)
    return compute(x, times);
#endif
  return y ? compute(x, plus) : compute(x, minus) + OLD_NEW(0, 1000);
}
int stays(int x) { return compute(x, minus); }
#else

int steps;
static int calculate(int x, int y) {
  steps = 0;
  return run(x, y);
}
int main(int argc, char **argv) {
  (void)argc;
  CHECK(calculate(2, 1) == 1 * 3 + 4 * 6 + 7 && calculate(2, 0) == 1 * 1 + 2 * 2 + 3);
  apply(argv[1]);
  CHECK(calculate(2, 1) == 1 * 3 + 4 * 6 + 7 && calculate(2, 0) == 1008 && calculate(2, 2) == 0 + 3 * 4 * 2 + 10);
  steps = 0;
  CHECK(stays(2) == 8);
  revert();
  CHECK(calculate(2, 1) == 1 * 3 + 4 * 6 + 7 && calculate(2, 0) == 8);
}
#endif
