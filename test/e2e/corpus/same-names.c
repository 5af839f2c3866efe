// Static functions, variables, constants and static locals of the same names in three units: each belongs to its own.
// RUN: %corpus %s %t -O2
// UNITS: a b c
// DIFF: replaced function helper
// DIFF: replaced function other
// DIFF: replaced function other
// DIFF: added data state_too
#include "Inputs/corpus.h"

int run_a(int), run_b(int), run_c(int);

#ifdef UNIT_a
#define RUN run_a
#define HELPED 1
#define OTHER OLD_NEW(1, 10)
#elif defined(UNIT_b)
#define RUN run_b
#define HELPED OLD_NEW(2, 7)
#define OTHER 2
#else
#define RUN run_c
#define HELPED 3
#define OTHER OLD_NEW(3, 30)
#endif

#ifndef PROGRAM
static int state = HELPED == 3 ? 300 : 0;
static const int weights[4] = {0, 1, 2, 3};
static NOINLINE int helper(int value) {
  static int calls;
  return (calls += HELPED) * 100 + weights[value & 3];
}
#if defined(NEW) && defined(UNIT_c)
static int state_too = 5;
#define MORE ++state_too
#else
#define MORE 0
#endif
static NOINLINE int other(int value) { return (state += value) * OTHER + MORE; }
int RUN(int value) { return helper(value) + other(value) * 100000; }
#else

int main(int argc, char **argv) {
  (void)argc;
  CHECK(run_a(1) == 101 + 1 * 1 * 100000);
  CHECK(run_b(1) == 201 + 1 * 2 * 100000);
  CHECK(run_c(1) == 301 + 301 * 3 * 100000);
  apply(argv[1]);
  CHECK(run_a(1) == 201 + 2 * 10 * 100000);
  CHECK(run_b(1) == 901 + 2 * 2 * 100000);
  CHECK(run_c(-300) == 600 + (1 * 30 + 6) * 100000);
  revert();
  CHECK(run_a(1) == 301 + 3 * 1 * 100000);
  CHECK(run_b(1) == 1101 + 3 * 2 * 100000);
  CHECK(run_c(1) == 901 + 2 * 3 * 100000);
}
#endif
