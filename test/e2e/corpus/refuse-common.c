// COMMON symbols that need more room, more alignment, or a value to begin with: the linker has laid them out when the program was made.
// RUN: %corpus %s %t -O2 -fcommon
// REFUSED: grown: size changed
// REFUSED: aligned: alignment changed
// REFUSED: valued: initial value changed
#include "Inputs/corpus.h"

#ifndef PROGRAM
int grown[OLD_NEW(2, 3)];
int aligned OLD_NEW(, __attribute__((aligned(64))));
int valued OLD_NEW(, = 3);
int f(void) { return grown[1] + aligned + valued; }
#endif
