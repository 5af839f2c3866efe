// Static locals of one name in several blocks, which are told apart by a number in the symbol: a further one in front gives each
// the number of its neighbour.  With constructors and without, in ordinary and in inline functions.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function plain(int)
// DIFF: replaced function inlined(int)
// DIFF: replaced function constructed(int)
// DIFF: added data plain(int)::n
// DIFF: added data inlined(int)::n
// DIFF: added data constructed(int)::n
// DIFF: added data guard variable for constructed(int)::n
#include "Inputs/corpus.h"

struct Object {
  explicit Object(int value);
  int value;
};
int mark(int *where, int by);
int plain(int), call_inlined(int), constructed(int);

#ifndef PROGRAM
int plain(int which) {
#ifdef NEW
  if (which == 3) {
    static int n;
    return mark(&n, 1000);
  }
#endif
  if (which == 1) {
    static int n;
    return mark(&n, 1);
  }
  static int n;
  return mark(&n, 10);
}
NOINLINE inline int inlined(int which) {
#ifdef NEW
  if (which == 3) {
    static int n;
    return mark(&n, 1000);
  }
#endif
  if (which == 1) {
    static int n;
    return mark(&n, 1);
  }
  static int n;
  return mark(&n, 10);
}
int call_inlined(int which) { return inlined(which); }
int constructed(int which) {
#ifdef NEW
  if (which == 3) {
    static Object n(3000);
    return mark(&n.value, 1000);
  }
#endif
  if (which == 1) {
    static Object n(1);
    return mark(&n.value, 1);
  }
  static Object n(10);
  return mark(&n.value, 10);
}
#else

Object::Object(int value) : value(value) {}
int mark(int *where, int by) { return *where += by; }
int (*const functions[])(int) = {plain, call_inlined};
int main(int, char **argv) {
  for (int (*f)(int) : functions)
    CHECK(f(1) == 1 && f(2) == 10);
  CHECK(constructed(1) == 2 && constructed(2) == 20);
  apply(argv[1]);
  for (int (*f)(int) : functions)
    CHECK(f(1) == 2 && f(2) == 20 && f(3) == 1000);
  CHECK(constructed(1) == 3 && constructed(2) == 30 && constructed(3) == 4000);
  revert();
  for (int (*f)(int) : functions)
    CHECK(f(1) == 3 && f(2) == 30);
  CHECK(constructed(1) == 4 && constructed(2) == 40);
}
#endif
