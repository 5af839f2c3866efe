// Names that a macro makes of __LINE__, with external linkage, and in inline functions and templates: lines inserted above give each
// variable and function the name that its neighbour had.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// DIFF: replaced function call_inlined_a(int)
// DIFF: replaced function handler_102(int)
#include "Inputs/corpus.h"

int mark(int *where, int by);
extern int (*handlers[2])(int);
int total(int), other_total(int);
int call_inlined_a(int), call_inlined_b(int), call_template(int);

#ifndef PROGRAM
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define COUNTED(by)                                                                                                    \
  {                                                                                                                    \
    static int PASTE(calls_, __LINE__);                                                                                \
    return mark(&PASTE(calls_, __LINE__), by);                                                                         \
  }
#define TOTAL(name, by)                                                                                                \
  int PASTE(total_, __LINE__);                                                                                         \
  int name(int times) { return mark(&PASTE(total_, __LINE__), by * times); }
#define HANDLER(index, ...)                                                                                            \
  int PASTE(handler_, __LINE__)(int x) { return __VA_ARGS__; }                                                         \
  static int PASTE(registered_, __LINE__) = (handlers[index] = PASTE(handler_, __LINE__), 0);
#line OLD_NEW(50, 51)
NOINLINE inline int inlined(int which) {
  if (which == 1)
    COUNTED(1)
  COUNTED(10)
}
template <class T> NOINLINE int in_template(T which) {
  if (which == 1)
    COUNTED(1)
  COUNTED(10)
}
#ifdef UNIT_a
int call_inlined_a(int which) { return inlined(which) + OLD_NEW(0, 1000); }
int call_template(int which) { return in_template(which); }
#line OLD_NEW(100, 101)
HANDLER(0, x + 1)
HANDLER(1, x + OLD_NEW(2, 1002))
TOTAL(total, 1)
TOTAL(other_total, 10)
#else
int call_inlined_b(int which) { return inlined(which); }
#endif
#else

int mark(int *where, int by) { return *where += by; }
int (*handlers[2])(int);
int main(int, char **argv) {
  CHECK(call_inlined_a(1) == 1 && call_inlined_b(2) == 10 && call_template(1) == 1 && call_template(2) == 10);
  CHECK(total(1) == 1 && other_total(1) == 10 && handlers[0](1) == 2 && handlers[1](1) == 3);
  apply(argv[1]);
  CHECK(call_inlined_a(1) == 1002 && call_inlined_b(2) == 20 && call_template(1) == 2 && call_template(2) == 20);
  CHECK(total(1) == 2 && other_total(1) == 20 && handlers[0](1) == 2 && handlers[1](1) == 1003);
  revert();
  CHECK(call_inlined_a(1) == 3 && call_inlined_b(2) == 30 && call_template(1) == 3 && call_template(2) == 30);
  CHECK(total(1) == 3 && other_total(1) == 30 && handlers[0](1) == 2 && handlers[1](1) == 3);
}
#endif
