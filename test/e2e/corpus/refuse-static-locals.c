// Static locals that are gone while the functions that used them are not: one moved into another function, one removed, one of
// a function that is inlined everywhere and has no code of its own.
// RUN: %corpus %s %t -O2
// REFUSED: giver.n: static local of giver has no counterpart in NEW, its state would be lost: --keep giver.n if that is right
// REFUSED: loser.n: static local of loser has no counterpart in NEW, its state would be lost
// REFUSED: tick.n: static local of inlines has no counterpart in NEW, its state would be lost
#include "Inputs/corpus.h"

#ifndef PROGRAM
int giver(int by) {
#ifndef NEW
  static int n = 3;
  return n += by;
#else
  return by;
#endif
}
int taker(int by) {
#ifdef NEW
  static int n = 3;
  return n += by;
#else
  return by;
#endif
}
int loser(int by) {
#ifndef NEW
  static int n;
  return n += by;
#else
  return by;
#endif
}
static inline __attribute__((always_inline)) int tick(int by) {
#ifndef NEW
  static int n;
  return n += by;
#else
  return by;
#endif
}
int inlines(int by) { return tick(by) * 2; }
#endif
