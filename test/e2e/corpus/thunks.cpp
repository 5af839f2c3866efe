// Several and virtual bases: the thunks that adjust `this`, or what a covariant function returns, change with what they lead to,
// or have the function's body inlined.
// RUN: %corpus %s %t -O2 -g
// RUN: env CORPUS_ANY=1 %corpus %s %t.O0 -O0
// DIFF: replaced function Both::right() const
// DIFF: replaced function Both::self()
// DIFF: replaced function non-virtual thunk to Both::right() const
// DIFF: replaced function virtual thunk to Both::base() const
// DIFF: replaced function Both::base() const
// DIFF: replaced function covariant return thunk to Both::self()
#include "Inputs/corpus.h"

struct Base {
  virtual int base() const { return value; }
  int value = 1;
};
struct Left : virtual Base {
  virtual int left() const { return 10; }
  int padding = 7;
};
struct Right {
  virtual int right() const { return 100; }
  virtual Right *self() { return this; }
  int more = 3;
};
struct Both : Left, Right {
  int base() const override;
  int right() const override;
  Both *self() override;
  int own = 5;
};

#ifndef PROGRAM
int Both::base() const { return value + own + OLD_NEW(0, 1000); }
int Both::right() const { return more + own + OLD_NEW(0, 2000); }
Both *Both::self() {
  OLD_NEW(own = 5, own = 6);
  return this;
}
#else

int main(int, char **argv) {
  Both both;
  Base *volatile base = &both;
  Right *volatile right = &both;
  CHECK(base->base() == 6 && right->right() == 8 && right->self() == right && both.own == 5);
  apply(argv[1]);
  CHECK(base->base() == 1006 && right->right() == 2008);
  CHECK(right->self() == right && both.own == 6 && both.self() == &both);
  CHECK(base->base() == 1007 && right->right() == 2009);
  revert();
  CHECK(right->self() == right && base->base() == 6 && right->right() == 8);
}
#endif
