// Static locals of an inline function that are different variables in different units: which one the linker's is cannot be told.
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// REFUSED: inlined(int)::n: is _ZZ7inlinediE1n of OLD here, another variable in other units
#include "Inputs/corpus.h"

#ifndef PROGRAM
int mark(int *where, int by);
NOINLINE inline int inlined(int which) {
#if defined(NEW) && defined(UNIT_a)
  if (which == 3) {
    static int n;
    return mark(&n, 1000);
  }
#endif
  static int n;
  return mark(&n, OLD_NEW(10, 10));
}
#ifdef UNIT_a
int from_a(int which) { return inlined(which); }
#else
int from_b(int which) { return inlined(which) + OLD_NEW(0, 1); }
#endif
#endif
