// Closures that live on in std::function: with the same captures, also renamed ones, their code changes as any other.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function std::_Function_handler<int (), make(int, int)::$_0>::_M_invoke(std::_Any_data const&)
#include "Inputs/corpus.h"
#include <functional>

extern std::function<int()> held;
void make(int first, int second);

#ifndef PROGRAM
void make(int OLD_NEW(a, first), int b) {
#ifdef NEW
  held = [first, b] { return first * 3 + b; };
#else
  held = [a, b] { return a * 2 + b; };
#endif
}
#else
std::function<int()> held;
int main(int, char **argv) {
  make(10, 1);
  CHECK(held() == 21);
  apply(argv[1]);
  CHECK(held() == 31); // the old closure, the new code
  make(20, 2);
  CHECK(held() == 62);
  revert();
  CHECK(held() == 42);
}
#endif
