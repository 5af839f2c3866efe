// Two programs of one build directory, with a unit in common and a library: the update applies to both, in each to what it has.
// RUN: %corpus %s %t -O2 -g
// UNITS: common first second library
// SHARED: liblibrary.so library
// PROGRAM: common first
// PROGRAM: common second
// DIFF: replaced function common
// DIFF: replaced function of_library
// DIFF: replaced function which
// DIFF: replaced function which
// DIFF: replaced function only_second
// DIFF: added function fresh
#include "Inputs/corpus.h"

int common(void), which(void), of_library(void);

#ifdef UNIT_common
NOINLINE int common(void) { return OLD_NEW(1, 2); }
#elif defined(UNIT_first)
int which(void) { return OLD_NEW(10, 20) + common(); }
#elif defined(UNIT_second)
int only_second(int value) { return value * OLD_NEW(3, 4); }
#ifdef NEW
int fresh(int value) { return only_second(value + 1); }
#endif
int which(void) { return OLD_NEW(only_second(10), fresh(10)) + common(); }
#elif defined(UNIT_library)
int of_library(void) { return OLD_NEW(5, 6); }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  int second = which() == 31;
  for (int round = 0; round < 2; ++round) {
    CHECK(which() == (second ? 31 : 11) && common() == 1 && of_library() == 5);
    apply(argv[1]);
    CHECK(which() == (second ? 46 : 22) && common() == 2 && of_library() == 6);
    revert();
  }
  return 0;
}
#endif
