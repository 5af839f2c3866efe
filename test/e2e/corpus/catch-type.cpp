// Only the type that a handler catches changes: the text and its relocations are the same, only the exception table differs.
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t.fixed -O1 -fno-pie
// DIFF: replaced function catcher(int)
#include "Inputs/corpus.h"

struct A {
  int value;
};
struct B {
  int value;
};
int catcher(int), other(int);
void thrower(int);

#ifndef PROGRAM
int catcher(int value) {
  try {
    thrower(value);
  } catch (OLD_NEW(A, B) &) {
    return 1;
  }
  return 0;
}
int other(int value) {
  try {
    thrower(value);
  } catch (A &) {
    return 2;
  } catch (B &) {
    return 4;
  }
  return 0;
}
#else

void thrower(int value) {
  if (value == 'A')
    throw A{value};
  if (value == 'B')
    throw B{value};
}
// 3: what was thrown went through.
static int outcome(int (*volatile function)(int), int value) {
  try {
    return function(value);
  } catch (...) {
    return 3;
  }
}
int main(int, char **argv) {
  for (int round = 0; round < 2; ++round) {
    CHECK(outcome(catcher, 'A') == 1 && outcome(catcher, 'B') == 3 && outcome(catcher, 0) == 0);
    apply(argv[1]);
    CHECK(outcome(catcher, 'A') == 3 && outcome(catcher, 'B') == 1 && outcome(catcher, 0) == 0);
    CHECK(outcome(other, 'A') == 2 && outcome(other, 'B') == 4);
    revert();
  }
}
#endif
