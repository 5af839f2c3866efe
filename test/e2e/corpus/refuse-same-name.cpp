// Two static locals of one name, of which the optimiser left nothing to tell them apart by when a third comes: refused, not guessed.
// RUN: %corpus %s %t -O2 -g
// REFUSED: plain(int)::n: static local of _Z5plaini has no counterpart in NEW, its state would be lost
#include "Inputs/corpus.h"

#ifndef PROGRAM
int plain(int which) {
#ifdef NEW
  if (which == 3) {
    static int n;
    return n += 1000;
  }
#endif
  if (which == 1) {
    static int n;
    return n += 1;
  }
  static int n;
  return n += 10;
}
#endif
