// A callee that may throw now, whose callers' text is the same: one caller gains unwind information (where all functions have it,
// there is nothing to change), another's exception table now covers the call.
// RUN: %corpus %s %t -O2 -fno-asynchronous-unwind-tables
// RUN: env CORPUS_ANY=1 %corpus %s %t.full -O2 -g
// DIFF: replaced function callee(int)
// DIFF: replaced function through(int)
// DIFF: replaced function guarded(int)
#include "Inputs/corpus.h"

int through(int), guarded(int), unaware(int);
extern int calls;
void may_throw(int);

#ifndef PROGRAM
int calls;
static NOINLINE void callee(int value) {
#ifdef NEW
  if (value < 0)
    throw value;
#endif
  calls += value;
}
int through(int value) {
  callee(value);
  callee(value + 1);
  return calls;
}
int guarded(int value) {
  try {
    callee(value);
    may_throw(value);
  } catch (int) {
    return -1;
  }
  return calls;
}
int unaware(int value) {
  try {
    may_throw(value);
  } catch (int) {
    return -2;
  }
  return value;
}
#else

void may_throw(int value) {
  if (value == 1000)
    throw value;
}
int main(int, char **argv) {
  for (int round = 0; round < 2; ++round) {
    calls = 0;
    CHECK(through(-5) == -9 && guarded(1000) == -1 && guarded(-1) == 990 && unaware(1000) == -2);
    apply(argv[1]);
    calls = 0;
    int caught = 0;
    try {
      through(-5);
    } catch (int value) {
      caught = value;
    }
    CHECK(caught == -5 && through(4) == 9 && guarded(-1) == -1 && guarded(1) == 10 && unaware(1000) == -2);
    revert();
  }
}
#endif
