// Data that the running program has and that NEW has otherwise: sizes, alignment, sections, initial values, layouts, a variable
// whose state goes into another one, a thread-local with an initial value that threads would not get, a COMMON symbol that grows.
// RUN: %corpus %s %t -O2 -fcommon
// REFUSED: grows: size changed from 16 to 20 bytes; the running program's cannot grow
// REFUSED: aligned: alignment changed from 4 to 64 bytes
// REFUSED: placed: section changed from the compiler's to special; the running program's stays where it is
// REFUSED: limit: initial value changed (first difference at +0x0); the running program's stays: --keep limit if that is right, --reinit limit to set it
// REFUSED: struct Live: layout changed: size 8 -> 16, fields in bytes, OLD | NEW:
// REFUSED: live: size changed from 8 to 16 bytes
// REFUSED: served: is gone, and serve, which used it, uses the new answered: its value would be lost: --keep served if that is right
// REFUSED: per_thread: is a new thread-local with an initial value, which threads that exist would not get
// REFUSED: common: size changed from 4 to 8 bytes
#include "Inputs/corpus.h"

#ifndef PROGRAM
int grows[OLD_NEW(4, 5)] = {1};
OLD_NEW(, _Alignas(64)) int aligned = 1;
int placed OLD_NEW(, __attribute__((section("special")))) = 1;
int limit = OLD_NEW(1, 2);
struct Live {
#ifdef NEW
  long more;
#endif
  long value;
} live = {.value = 1};
int common[OLD_NEW(1, 2)];
#ifdef NEW
static long answered[2];
static _Thread_local int per_thread = 5;
long serve(long n) { return (answered[n & 1] += n) + common[0]; }
int per(void) { return ++per_thread; }
#else
static long served;
long serve(long n) { return (served += n) + common[0]; }
#endif
#endif
