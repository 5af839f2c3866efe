// A closure that lives on in a std::function, and captures the same types in another order: its fields have no names of their own.
// RUN: %corpus %s %t -O2 -g
// REFUSED: class Z4makeiiE3$_0: layout changed: fields in bytes, OLD | NEW: a i32 @0 | a i32 @4; b i32 @4 | b i32 @0
#include "Inputs/corpus.h"
#include <functional>

#ifndef PROGRAM
std::function<int()> held;
void make(int a, int b) {
#ifdef NEW
  held = [b, a] { return a * 3 + b; };
#else
  held = [a, b] { return a * 2 + b; };
#endif
}
#endif
