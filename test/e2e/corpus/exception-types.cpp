// Exceptions of classes that only the update knows, of classes in anonymous namespaces, and from functions that may throw now;
// destructors of old and new frames run in between.
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t.fixed -O2 -fno-pie
// LINK: -rdynamic
// DIFF: replaced function thrower(int)
// DIFF: replaced function middle(int)
// DIFF: replaced function catcher(int)
// DIFF: replaced function quiet(int)
// DIFF: added function Fresh::~Fresh()
// DIFF: added function Fresh::what() const
// DIFF: added data vtable for Fresh
// DIFF: added data typeinfo for Fresh
// DIFF: added data typeinfo name for Fresh
#include "Inputs/corpus.h"
#include <exception>

struct Failure : std::exception {
  explicit Failure(int code) : code(code) {}
  const char *what() const noexcept override;
  int code;
};
struct Counted {
  Counted() { ++alive; }
  ~Counted() { --alive; }
  static int alive;
};
int thrower(int), middle(int), catcher(int), quiet(int);
void old_thrower(int);

#ifndef PROGRAM
int Counted::alive;
const char *Failure::what() const noexcept { return "failure"; }
namespace {
struct Secret {
  int value;
};
} // namespace
#ifdef NEW
struct Fresh : Failure {
  using Failure::Failure;
  const char *what() const noexcept override;
};
const char *Fresh::what() const noexcept { return "fresh"; }
#endif
NOINLINE int thrower(int value) {
  Counted counted;
  if (value == 1)
    throw Failure(OLD_NEW(1, 2));
  if (value == 2)
    throw Secret{OLD_NEW(7, 8)};
#ifdef NEW
  if (value == 3)
    throw Fresh(3);
#endif
  return value;
}
NOINLINE int middle(int value) {
  Counted counted;
  try {
    return thrower(value) + OLD_NEW(0, 100);
  } catch (Secret &secret) {
    return secret.value;
  }
}
int catcher(int value) {
  Counted counted;
  try {
    old_thrower(value);
  } catch (Failure &failure) {
    return failure.code + OLD_NEW(0, 1000);
  }
  return 0;
}
// May throw in NEW only: its callers' exception tables were made for that, since they cannot know.
int quiet(int value) {
#ifdef NEW
  if (value < 0)
    throw Failure(value);
#endif
  return value;
}
#else

void old_thrower(int value) {
  Counted counted;
  throw Failure(value);
}
NOINLINE static int old_middle(int (*function)(int), int value) {
  Counted counted;
  try {
    return function(value);
  } catch (Failure &failure) {
    return -failure.code - 10 * (strcmp(failure.what(), "failure") != 0);
  }
}
int main(int, char **argv) {
  for (int round = 0; round < 2; ++round) {
    CHECK(old_middle(middle, 5) == 5 && old_middle(middle, 1) == -1 && middle(2) == 7 && old_middle(middle, 3) == 3);
    CHECK(catcher(4) == 4 && old_middle(quiet, -4) == -4);
    apply(argv[1]);
    CHECK(old_middle(middle, 5) == 105 && old_middle(middle, 1) == -2 && middle(2) == 8 && old_middle(middle, 3) == -13);
    CHECK(catcher(4) == 1004 && old_middle(quiet, -4) == 4 && Counted::alive == 0);
    revert();
  }
}
#endif
