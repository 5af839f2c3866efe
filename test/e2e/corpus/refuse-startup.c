// What runs once, when the program starts, or would have to: constructor functions that change or are new, new destructor
// functions, an ifunc's resolver.
// RUN: %corpus %s %t -O2
// REFUSED: begins: is a constructor and changed (
// REFUSED: begins_too: is a new constructor; the running program has started already
// REFUSED: ends: is a new destructor function; the running program would not call it
// REFUSED: chosen: is an ifunc resolver and changed; its choice was made when the program started
#include "Inputs/corpus.h"

#ifndef PROGRAM
volatile int started;
__attribute__((constructor)) static void begins(void) { started += OLD_NEW(1, 2); }
#ifdef NEW
__attribute__((constructor)) static void begins_too(void) { started += 5; }
__attribute__((destructor)) static void ends(void) { started = 0; }
#endif
static int first(void) { return 1; }
static int second(void) { return 2; }
static int (*resolve(void))(void) { return started ? OLD_NEW(first, second) : OLD_NEW(second, first); }
int chosen(void) __attribute__((ifunc("resolve")));
#endif
