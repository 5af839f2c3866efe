// For the cases of the corpus (corpus.bash): harness.h for the program, and in the first unit a function that has nothing
// to do with the case, which -DUNRELATED changes: with a new function, a new static local and, in C++, a new lambda, so that
// what the compiler numbers gets other numbers.
#pragma once

#ifdef NEW
#define OLD_NEW(old_version, new_version) new_version
#else
#define OLD_NEW(old_version, new_version) old_version
#endif
#define NOINLINE __attribute__((noinline))

#ifdef PROGRAM
#include "harness.h"
#elif defined(FIRST_UNIT)

#ifdef UNRELATED
static NOINLINE int unrelated_helper(int value) {
  static int calls;
  return ++calls + value;
}
#endif

#ifdef __cplusplus
extern "C"
#endif
int unrelated(int value);

int unrelated(int value) {
#ifndef UNRELATED
  return value;
#elif defined(__cplusplus)
  auto lambda = [](int of) __attribute__((noinline)) { return unrelated_helper(of) * 3; };
  return lambda(value);
#else
  return unrelated_helper(value) * 3;
#endif
}
#endif
