// As refuse-guard.cpp, but asked for: the first call of the new code initialises.
// RUN: %corpus %s %t -O2 -g
// WFDIFF: --reinit _ZZ4nextvE1n
// DIFF: replaced function next()
// DIFF: added data guard variable for next()::n
#include "Inputs/corpus.h"

int first(), next();

#ifndef PROGRAM
int next() {
  static int n OLD_NEW(, = first());
  return ++n;
}
#else
int first() { return 100; }
int main(int, char **argv) {
  CHECK(next() == 1 && next() == 2);
  apply(argv[1]);
  CHECK(next() == 101 && next() == 102);
  revert();
  CHECK(next() == 103);
}
#endif
