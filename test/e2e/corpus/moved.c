// A function, a variable and constants with linkage that move to another unit: their addresses and the value stay, and callers of a unit
// that did not change come along.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t -O2 -fno-pie
// UNITS: a b c
// DIFF: replaced function moves
// DIFF: replaced function stays_in_b
// DIFF: replaced function table_from_b
#include "Inputs/corpus.h"

int moves(int), stays_in_a(int), stays_in_b(int), calls_from_c(int);
int (*pointer_from_c(void))(int);
int *state_from_c(void);
const int *table_from_b(void);
extern int state;
extern const int table[3];
extern const char *const names[2];

#ifndef PROGRAM
#if (defined(UNIT_a) && !defined(NEW)) || (defined(UNIT_b) && defined(NEW))
#define HERE
#endif
#ifdef HERE
int state = 10;
const int table[3] = {5, 6, 7};
const char *const names[2] = {"one", "two"};
NOINLINE int moves(int x) { return (state += x) + table[x] + names[x & 1][0] + OLD_NEW(0, 1000); }
#endif
#ifdef UNIT_a
int stays_in_a(int x) { return x + 1; }
#elif defined(UNIT_b)
int stays_in_b(int x) { return moves(x) + OLD_NEW(1, 2); }
const int *table_from_b(void) { return table + OLD_NEW(0, 1); }
#else
int calls_from_c(int x) { return moves(x) * 2 + table[x]; }
int (*pointer_from_c(void))(int) { return moves; }
int *state_from_c(void) { return &state; }
#endif
#else
int main(int argc, char **argv) {
  (void)argc;
  int (*kept)(int) = moves;
  CHECK(pointer_from_c() == kept && state_from_c() == &state);
  CHECK(moves(1) == 11 + 6 + 't' && calls_from_c(2) == 2 * (13 + 7 + 'o') + 7 && stays_in_b(0) == 13 + 5 + 'o' + 1);
  CHECK(table_from_b() == table);
  apply(argv[1]);
  CHECK(pointer_from_c() == kept && state_from_c() == &state && state == 13 && table_from_b() == table + 1);
  CHECK(moves(1) == 14 + 6 + 't' + 1000 && kept(1) == 15 + 6 + 't' + 1000 && stays_in_b(0) == 15 + 5 + 'o' + 1002);
  CHECK(calls_from_c(2) == 2 * (17 + 7 + 'o' + 1000) + 7 && stays_in_a(1) == 2);
  revert();
  CHECK(pointer_from_c() == kept && state_from_c() == &state && state == 17);
  CHECK(moves(1) == 18 + 6 + 't' && kept(1) == 19 + 6 + 't' && calls_from_c(2) == 2 * (21 + 7 + 'o') + 7);
  return 0;
}
#endif
