// Static locals that are gone while the functions that used them are not: one moved into another function, one removed, one of
// a function that is inlined everywhere and has no code of its own; and one of a function that has another name in NEW.
// RUN: %corpus %s %t -O2
// REFUSED: giver.n: static local of giver has no counterpart in NEW, its state would be lost: --keep giver.n if that is right
// REFUSED: loser.n: static local of loser has no counterpart in NEW, its state would be lost
// REFUSED: before.n: is gone, and renames, which used it, uses the new after.n: its value would be lost: --keep before.n if that is right
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
static NOINLINE int OLD_NEW(before, after)(int by) {
  static int n;
  return n += by;
}
int renames(int by) { return OLD_NEW(before, after)(by) * 3; }
#endif
