// Static locals keep their state: one that is renamed, one of a function that is inlined into two others and changed in one of
// them, one whose function is inlined in NEW only, and several of one name, renumbered by one more.
// RUN: %corpus %s %t -O2
// DIFF: replaced function renamed
// DIFF: replaced function first
// DIFF: replaced function gets_inlined
// DIFF: replaced function several
// DIFF: removed function step
// DIFF: added data several.n
#include "Inputs/corpus.h"

int renamed(int), first(int), second(int), gets_inlined(int), several(int);
void work(int);

#ifndef PROGRAM
int renamed(int by) {
  static int OLD_NEW(before, after) = 5;
  OLD_NEW(before, after) += by;
  work(by);
  return OLD_NEW(before, after) OLD_NEW(, *3);
}

static inline __attribute__((always_inline)) int tick(int by) {
  static int ticks;
  return ticks += by;
}
int first(int by) { return tick(by) + OLD_NEW(0, 1000); }
int second(int by) { return tick(by); }

static OLD_NEW(NOINLINE, inline __attribute__((always_inline))) int step(int by) {
  static int steps = 70;
  return steps += by;
}
int gets_inlined(int by) { return step(by) * 2; }

int several(int which) {
#ifdef NEW
  if (which == 7) {
    static int n = 7000;
    return n ^= 1;
  }
#endif
  if (which) {
    static int n = 10;
    return n += 3;
  }
  static int n = 200;
  return n *= 2;
}
#else

void work(int value) { (void)value; }
int main(int argc, char **argv) {
  (void)argc;
  CHECK(renamed(1) == 6 && first(2) == 2 && second(3) == 5 && gets_inlined(1) == 142);
  CHECK(several(1) == 13 && several(7) == 16 && several(0) == 400);
  apply(argv[1]);
  CHECK(renamed(1) == 21 && first(2) == 1007 && second(3) == 10 && gets_inlined(1) == 144);
  CHECK(several(1) == 19 && several(7) == 7001 && several(0) == 800);
  revert();
  CHECK(renamed(1) == 8 && first(2) == 12 && second(3) == 15 && gets_inlined(1) == 146);
  CHECK(several(1) == 22 && several(7) == 25 && several(0) == 1600);
  apply(argv[1]);
  CHECK(several(7) == 7000);
}
#endif
