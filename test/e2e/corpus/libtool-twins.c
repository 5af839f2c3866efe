// libtool's two objects of one source, position-independent in .libs for the library, the other for the program (or a static library
// that goes into it): one update has both, and each image gets its own.
// RUN: %corpus %s %t -O2 -fno-pie
// RUN: %corpus %s %t.pie -O2
// UNITS: twin .libs/twin .libs/entry
// SHARED: libtwin.so .libs/twin .libs/entry
// DIFF: replaced function step
// DIFF: replaced function step
// DIFF: added data step.fresh
// DIFF: added data step.fresh
#include "Inputs/corpus.h"

int step(void) __attribute__((visibility("hidden")));
int library_step(void), program_step(void);

#ifdef UNIT_twin
static int state = 5;
int step(void) {
#ifdef NEW
  static int fresh = 100;
  return state += fresh++;
#else
  return ++state;
#endif
}
#elif defined(UNIT_entry)
int library_step(void) { return step(); }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  CHECK(step() == 6 && step() == 7 && library_step() == 6);
  apply(argv[1]);
  CHECK(step() == 107 && step() == 208 && library_step() == 106);
  revert();
  CHECK(step() == 209 && library_step() == 107);
  apply(argv[1]);
  CHECK(step() == 311 && library_step() == 208);
  return 0;
}
#endif
