// A constant changes whose users are all in a unit that does not: they come along, and only they.
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t.fixed -O2 -fno-pie
// UNITS: table user
// DIFF: replaced constant table
// DIFF: replaced constant limit
// DIFF: replaced function lookup
// DIFF: replaced function limited
#include "Inputs/corpus.h"

extern const int table[5], limit;
int lookup(int), limited(int), unaffected(int);

#ifdef UNIT_table
const int table[5] = {1, 2, 3, 4, OLD_NEW(5, 50)};
const int limit = OLD_NEW(10, 20);
#elif defined(UNIT_user)
int lookup(int at) { return table[at]; }
int limited(int value) { return value > limit ? limit : value; }
int unaffected(int value) { return value + 1; }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  for (int round = 0; round < 2; ++round) {
    CHECK(lookup(4) == 5 && lookup(0) == 1 && limited(100) == 10 && unaffected(1) == 2);
    apply(argv[1]);
    CHECK(lookup(4) == 50 && lookup(0) == 1 && limited(100) == 20 && limited(15) == 15 && unaffected(1) == 2);
    revert();
  }
  return 0;
}
#endif
