// Classes of one name in one function, which are told apart by a number: one more in front, or one less, gives the others the
// numbers of their neighbours.  Objects, and state of functions that have such a class in their name, go on as what they are.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: %corpus %s %t -O2 -g
// UNITS: a b
// DIFF: replaced function make(int)
// DIFF: replaced function counted(int)
// DIFF: replaced function inlined(int)
// DIFF: replaced function inlined(int)
// DIFF: added function int count<counted(int)::Tag>()
// DIFF: added function int count<inlined(int)::Tag>()
// DIFF: added function int count<inlined(int)::Tag>()
// DIFF: added data int count<counted(int)::Tag>()::n
// DIFF: added data int count<inlined(int)::Tag>()::n
// DIFF: removed function make(int)::S::get(int)
// DIFF: removed function make(int)::S::~S()
#include "Inputs/corpus.h"
#include <typeinfo>

struct Base {
  virtual int get(int) = 0;
  virtual ~Base() {}
};
Base *make(int);
int counted(int), call_inlined_a(int), call_inlined_b(int);

#ifndef PROGRAM
template <class T> NOINLINE int count() {
  static int n;
  return n += T::by();
}
NOINLINE inline int inlined(int which) {
#ifdef NEW
  if (which == 3) {
    struct Tag {
      static int by() { return 1000; }
    };
    return count<Tag>();
  }
#endif
  if (which == 1) {
    struct Tag {
      static int by() { return 1; }
    };
    return count<Tag>();
  }
  struct Tag {
    static int by() { return 10; }
  };
  return count<Tag>();
}
#ifdef UNIT_a
int call_inlined_a(int which) { return inlined(which); }
int counted(int which) {
#ifdef NEW
  if (which == 3) {
    struct Tag {
      static int by() { return 1000; }
    };
    return count<Tag>();
  }
#endif
  if (which == 1) {
    struct Tag {
      static int by() { return 1; }
    };
    return count<Tag>();
  }
  struct Tag {
    static int by() { return 10; }
  };
  return count<Tag>();
}
Base *make(int which) {
#ifndef NEW
  if (which == 1) {
    struct S : Base {
      int n = 7;
      int get(int x) override { return n - x; }
    };
    return new S;
  }
#endif
  if (which == 2) {
    struct S : Base {
      int n = 7;
      int get(int x) override {
        static int calls;
        return ++calls + n + x;
      }
    };
    return new S;
  }
  struct S : Base {
    int n = 70;
    int get(int x) override {
      static int calls;
      return n * x + --calls;
    }
  };
  return new S;
}
#else
int call_inlined_b(int which) { return inlined(which); }
#endif
#else
int (*const counters[])(int) = {counted, call_inlined_a};
int main(int, char **argv) {
  Base *one = make(1), *two = make(2), *three = make(3);
  CHECK(one->get(2) == 5 && two->get(2) == 10 && three->get(2) == 139);
  for (auto f : counters)
    CHECK(f(1) == 1 && f(2) == 10);
  apply(argv[1]);
  CHECK(one->get(2) == 5 && two->get(2) == 11 && three->get(2) == 138);
  Base *more = make(1), *same = make(2);
  CHECK(more->get(2) == 137 && same->get(2) == 12);
  CHECK(dynamic_cast<void *>(more) && typeid(*more) == typeid(*three) && typeid(*same) == typeid(*two));
  for (auto f : counters)
    CHECK(f(1) == 2 && f(2) == 20 && f(3) == 1000);
  CHECK(call_inlined_b(1) == 3 && call_inlined_b(3) == 2000);
  revert();
  CHECK(one->get(2) == 5 && two->get(2) == 13 && three->get(2) == 136 && more->get(2) == 135 && same->get(2) == 14);
  Base *again = make(1);
  CHECK(again->get(2) == 5 && typeid(*again) == typeid(*one));
  for (auto f : counters)
    CHECK(f(1) == (f == counted ? 3 : 4) && f(2) == 30);
}
#endif
