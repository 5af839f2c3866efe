// Functions that the compiler begins or ceases to inline, with state of their own; one that changes and is inlined everywhere;
// calls with a constant argument that another constant replaces, arguments that are dropped, and specialised copies.
// RUN: %corpus %s %t -O2
// DIFF: replaced function calls_both
// DIFF: replaced function everywhere_1
// DIFF: replaced function everywhere_2
// DIFF: replaced function with_constant
// DIFF: replaced function drops
// DIFF: replaced function dropping
// DIFF: removed function gets_inlined
// DIFF: added function gets_out
#include "Inputs/corpus.h"

int calls_both(int), everywhere_1(int), everywhere_2(int), not_there(int), passes_constant(int), drops(int), work(int);

#ifndef PROGRAM
#define INLINE inline __attribute__((always_inline))
static int inlined_calls, out_calls;
static OLD_NEW(NOINLINE, INLINE) int gets_inlined(int value) { return ++inlined_calls * 100 + value; }
static OLD_NEW(INLINE, NOINLINE) int gets_out(int value) { return ++out_calls * 10000 + value; }
int calls_both(int value) { return gets_inlined(value) + gets_out(value); }

static INLINE int everywhere(int value) { return value * OLD_NEW(7, 11); }
int everywhere_1(int value) { return everywhere(value); }
int everywhere_2(int value) { return everywhere(value + 1); }
int not_there(int value) { return value * 7; }

// The compiler knows what `by` is, and leaves it out of the call: the callee changes for its caller's sake.
static NOINLINE int with_constant(int value, int by) { return value * by + by; }
int passes_constant(int value) { return with_constant(value, OLD_NEW(5, 6)); }

// `unused` is left out of calls in OLD; in NEW it is used.
static NOINLINE int dropping(int value, int unused) { return work(value) + OLD_NEW(0, unused); }
int drops(int value) { return dropping(value, value * 3); }
#else

int work(int value) { return value; }
int main(int argc, char **argv) {
  (void)argc;
  CHECK(calls_both(1) == 100 + 10000 + 2 && everywhere_1(2) == 14 && everywhere_2(2) == 21 && not_there(1) == 7);
  CHECK(passes_constant(2) == 15 && drops(3) == 3);
  apply(argv[1]);
  CHECK(calls_both(1) == 200 + 20000 + 2 && everywhere_1(2) == 22 && everywhere_2(2) == 33 && not_there(1) == 7);
  CHECK(passes_constant(2) == 18 && drops(3) == 12);
  revert();
  CHECK(calls_both(1) == 300 + 30000 + 2 && everywhere_1(2) == 14 && everywhere_2(2) == 21);
  CHECK(passes_constant(2) == 15 && drops(3) == 3);
}
#endif
