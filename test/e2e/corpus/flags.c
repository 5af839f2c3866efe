// Files that are compiled with other flags than before: what alters code only is reported, and the code that differs is in the
// update; what alters the ABI is refused (refuse-flags.c).
// RUN: %corpus %s %t -O2
// NEW-FLAGS: -O1 -fwrapv
// WARNED: (unit): compiler option O changed: "2" -> "1"
// WARNED: (unit): compiler option wrapv changed: false -> true
// DIFF: replaced function sum
// DIFF: replaced function leaf
#include "Inputs/corpus.h"

int sum(const int *, int), leaf(int);

#ifndef PROGRAM
static int calls;
int sum(const int *values, int count) {
  int total = 0;
  for (int i = 0; i < count; ++i)
    total += values[i];
  ++calls;
  return total;
}
int leaf(int value) { return value + calls + OLD_NEW(0, 100); }
#else

int main(int argc, char **argv) {
  const int values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  (void)argc;
  CHECK(sum(values, 10) == 55 && leaf(1) == 2);
  apply(argv[1]);
  CHECK(sum(values, 10) == 55 && leaf(1) == 103);
  revert();
  CHECK(sum(values, 10) == 55 && leaf(1) == 4);
}
#endif
