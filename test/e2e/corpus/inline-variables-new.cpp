// A new inline variable, static member of a template and static local of an inline function: one of each for all units of the
// update, not one a unit.
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// DIFF: replaced function from_a()
// DIFF: replaced function from_b()
// DIFF: added function next()
// DIFF: added function next()
// DIFF: added data fresh
// DIFF: added data Static<int>::count
// DIFF: added data next()::calls
#include "Inputs/corpus.h"

int from_a(), from_b();
#ifdef NEW
inline int fresh = 10;
template <class T> struct Static {
  static inline T count = 100;
};
NOINLINE inline int next() {
  static int calls = 1000;
  return ++calls;
}
#endif

#ifdef UNIT_a
int from_a() { return OLD_NEW(1, fresh++ + Static<int>::count++ + next()); }
#elif defined(UNIT_b)
int from_b() { return OLD_NEW(2, fresh++ + Static<int>::count++ + next()); }
#else

int main(int, char **argv) {
  CHECK(from_a() == 1 && from_b() == 2);
  apply(argv[1]);
  CHECK(from_a() == 1111 && from_b() == 1114 && from_a() == 1117);
  revert();
  CHECK(from_a() == 1 && from_b() == 2);
}
#endif
