// Pointers to functions in tables, structs and variables: they are the same in both versions, lead to the newest body wherever
// they are kept, and what the update adds has one address too.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fPIC -fno-plt
// RUN: %corpus %s %t -O0
// UNITS: a b
// DIFF: replaced function one
// DIFF: replaced function is_one
// DIFF: replaced function handler
// DIFF: replaced function call
// DIFF: added function four
// DIFF: replaced constant table
#include "Inputs/corpus.h"

typedef int (*Function)(int);
struct Operations {
  const char *name;
  Function run;
};
extern struct Operations operations;
int one(int), call(int, int);
Function handler(int), is_one(Function);

#ifdef UNIT_a
int one(int value) { return value + OLD_NEW(1, 100); }
static int two(int value) { return value + 2; }
static int three(int value) { return value + 3; }
#ifdef NEW
static int four(int value) { return value + 4; }
#endif
struct Operations operations = {"two", two}; // state: the program may change it
static const struct Operations table[4] = {
    {"one", one}, {"two", two}, {"three", three}, {OLD_NEW("three", "four"), OLD_NEW(three, four)}};
Function handler(int which) { return table[which & OLD_NEW(3, 3)].run; }
int call(int which, int value) { return table[which & 3].run(value) + OLD_NEW(0, 1000); }
#elif defined(UNIT_b)
Function is_one(Function function) { return function == one OLD_NEW(, || function == operations.run) ? function : 0; }
#else

int main(int argc, char **argv) {
  (void)argc;
  Function held[4], held_struct = operations.run;
  for (int i = 0; i < 4; ++i)
    held[i] = handler(i);
  Function volatile volatile_one = one;
  CHECK(held[0] == volatile_one && held[1] == held_struct && held[2] == held[3] && held[0](1) == 2 && call(3, 5) == 8);
  CHECK(is_one(held[0]) && !is_one(held[1]));
  apply(argv[1]);
  for (int i = 0; i < 3; ++i)
    CHECK(held[i] == handler(i));
  CHECK(volatile_one == one && held[0] == one && is_one(volatile_one) && is_one(operations.run) && !is_one(held[2]));
  CHECK(held[0](1) == 101 && volatile_one(1) == 101 && operations.run(1) == 3);
  Function four = handler(3);
  CHECK(four != held[3] && four == handler(3) && four(5) == 9 && call(3, 5) == 1009);
  operations.run = four; // what the update brings outlives it
  revert();
  CHECK(held[0](1) == 2 && operations.run(1) == 5 && handler(3) == held[3] && volatile_one == handler(0));
  apply(argv[1]);
  CHECK(handler(3) == four && is_one(four) && operations.run(2) == 6);
}
#endif
