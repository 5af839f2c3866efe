// Inline namespaces: functions of the current version change and keep their state; one of a version that is new is another
// function, and who used the old one uses it.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function lib::v1::scale(int)
// DIFF: replaced function lib::v1::Box<int>::get() const
// DIFF: replaced function use(int)
// DIFF: added function lib::v2::fresh(int)
#include "Inputs/corpus.h"

int use(int);
#ifndef PROGRAM
namespace lib {
#ifdef NEW
inline namespace v2 {
NOINLINE int fresh(int n) { return n + 1000; }
}
#endif
inline namespace v1 {
int total = 1;
NOINLINE int scale(int n) {
  static int calls;
  return n * OLD_NEW(2, 3) + ++calls + ++total;
}
template <class T> struct Box {
  T value;
  NOINLINE T get() const { return value + OLD_NEW(0, 100); }
};
}
}
int use(int n) { return lib::scale(n) + lib::Box<int>{n}.get() + OLD_NEW(0, lib::fresh(0)); }
#else
int main(int, char **argv) {
  CHECK(use(1) == 2 + 1 + 2 + 1);
  apply(argv[1]);
  CHECK(use(1) == 3 + 2 + 3 + 101 + 1000);
  revert();
  CHECK(use(1) == 2 + 3 + 4 + 1);
}
#endif
