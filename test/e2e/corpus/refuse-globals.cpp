// New global objects that are constructed or destroyed at run time: the running program has started already, and an update
// has no end at which they could be destroyed.
// RUN: %corpus %s %t -O2 -g
// REFUSED: _GLOBAL__sub_I_refuse_globals.cpp: is a new constructor; the running program has started already
#include "Inputs/corpus.h"

#ifndef PROGRAM
int count();
struct Destroyed {
  constexpr Destroyed() = default;
  ~Destroyed();
  int n = 1;
};
#ifdef NEW
static int constructed = count();
Destroyed destroyed;
int use() { return constructed + destroyed.n; }
#else
int use() { return 0; }
#endif
#endif
