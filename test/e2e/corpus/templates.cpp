// Templates, instantiated implicitly in two units (the linker kept the copy of the unit that
// needs none after the change), explicitly in one, and for a type that nobody
// used before; statics in them keep their state.
// RUN: %corpus %s %t -O2 -g
// UNITS: b a
// DIFF: replaced function int step<int>(int)
// DIFF: replaced function long explicitly<long>(long)
// DIFF: replaced function from_b(int)
// DIFF: added function short step<short>(short)
// DIFF: added data short step<short>(short)::calls
#include "Inputs/corpus.h"

template <class T> NOINLINE T step(T value) {
  static T calls;
  return ++calls * 100 + value * OLD_NEW(1, 2);
}
template <class T> struct Static {
  static T count;
};
template <class T> T Static<T>::count = 5;
template <class T> T explicitly(T value);
extern template long explicitly<long>(long);
int from_a(int), from_b(int);

#ifdef UNIT_a
int from_a(int value) { return step(value) + Static<int>::count++; }
#elif defined(UNIT_b)
template <class T> T explicitly(T value) { return value + OLD_NEW(1, 2); }
template long explicitly<long>(long);
int from_b(int value) {
#ifdef NEW
  return step(short(value)) + Static<int>::count;
#else
  return step(value) + Static<int>::count;
#endif
}
#else

int main(int, char **argv) {
  CHECK(from_a(3) == 103 + 5 && from_b(3) == 203 + 6 && explicitly(1L) == 2);
  apply(argv[1]);
  CHECK(from_a(3) == 306 + 6 && from_a(3) == 406 + 7 && from_b(3) == 106 + 8 && explicitly(1L) == 3);
  revert();
  CHECK(from_a(3) == 503 + 8 && from_b(3) == 603 + 9 && explicitly(1L) == 2);
  apply(argv[1]);
  CHECK(from_b(3) == 206 + 9 && from_a(3) == 706 + 9);
}
#endif
