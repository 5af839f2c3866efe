// A static local that is initialised at its first use in NEW only: its guard would be new, and the initialiser would run over the
// value that the running program has.
// RUN: %corpus %s %t -O2 -g
// REFUSED: next()::n: is initialised at its first use in NEW, which would overwrite the running program's value: --reinit _ZZ4nextvE1n
#include "Inputs/corpus.h"

int first();

#ifndef PROGRAM
int next() {
  static int n OLD_NEW(, = first());
  return ++n;
}
#endif
