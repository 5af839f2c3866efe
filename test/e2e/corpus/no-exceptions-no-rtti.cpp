// -fno-exceptions and -fno-rtti: virtual functions, templates, std::function and static locals without type information and
// exception tables.
// RUN: %corpus %s %t -O2 -g -fno-exceptions -fno-rtti
// DIFF: replaced function Derived::value() const
// DIFF: replaced function std::_Function_handler<int (int), make(int)::$_0>::_M_invoke(std::_Any_data const&, int&&)
// DIFF: replaced function int twice<int>(int)
// DIFF: replaced function count()
#include "Inputs/corpus.h"
#include <functional>

struct Base {
  virtual int value() const { return 1; }
  virtual ~Base() = default;
};
struct Derived : Base {
  int value() const override;
};
extern std::function<int(int)> held;
void make(int n);
int count(), both(int n);
Base *object();

#ifndef PROGRAM
std::function<int(int)> held;
int Derived::value() const { return OLD_NEW(2, 3); }
void make(int n) { held = [n](int x) { return x * n + OLD_NEW(1, 2); }; }
template <class T> NOINLINE T twice(T n) { return n * OLD_NEW(2, 4); }
struct Guarded {
  Guarded() : n(object()->value()) {}
  int n;
};
int count() {
  static Guarded guarded;
  return ++guarded.n + OLD_NEW(0, 100);
}
int both(int n) { return twice(n); }
Base *object() {
  static Derived derived;
  return &derived;
}
#else
int main(int, char **argv) {
  make(10);
  CHECK(object()->value() == 2 && held(1) == 11 && count() == 3 && both(3) == 6);
  apply(argv[1]);
  CHECK(object()->value() == 3 && held(1) == 12 && count() == 104 && both(3) == 12);
  revert();
  CHECK(object()->value() == 2 && held(1) == 11 && count() == 5 && both(3) == 6);
}
#endif
