// Anonymous namespaces: functions, variables and classes of one name in two units stay apart, and keep their state.
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// DIFF: replaced function (anonymous namespace)::next()
// DIFF: replaced function (anonymous namespace)::Hidden::value() const
// DIFF: replaced function (anonymous namespace)::inner::next()
#include "Inputs/corpus.h"

struct Value {
  virtual int value() const = 0;
  virtual ~Value() = default;
};
int next_a(), next_b();
Value *make_a(), *make_b();

#ifndef PROGRAM
#ifdef UNIT_a
#define NEW_A OLD_NEW(0, 1)
#define NEW_B 0
#else
#define NEW_A 0
#define NEW_B OLD_NEW(0, 1)
#endif
namespace {
int count;
NOINLINE int next() { return ++count + 100 * NEW_A; }
namespace inner {
int count;
NOINLINE int next() { return ++count + 1000 * NEW_B; }
}
struct Hidden : Value {
  int value() const override;
};
int Hidden::value() const { return 1 + NEW_A; }
}
#ifdef UNIT_a
int next_a() { return next() + 10 * inner::next(); }
Value *make_a() { return new Hidden; }
#else
int next_b() { return next() + 10 * inner::next(); }
Value *make_b() { return new Hidden; }
#endif
#else
int main(int, char **argv) {
  Value *a = make_a(), *b = make_b();
  CHECK(next_a() == 11 && next_b() == 11 && next_b() == 22 && a->value() == 1 && b->value() == 1);
  apply(argv[1]);
  CHECK(next_a() == 122 && next_b() == 3 + 10030 && a->value() == 2 && b->value() == 1);
  CHECK(make_a()->value() == 2);
  revert();
  CHECK(next_a() == 33 && next_b() == 44 && a->value() == 1);
}
#endif
