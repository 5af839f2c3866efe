// Weak symbols, overridden and not; aliases; hidden and protected visibility; what an ifunc has chosen.
// RUN: %corpus %s %t -O2 -fPIC
// RUN: %corpus %s %t -O2
// UNITS: a b
// DIFF: replaced function weak_own
// DIFF: replaced function weak_overridden
// DIFF: replaced function target
// DIFF: replaced function hidden
// DIFF: replaced function protected
// DIFF: replaced function slow
// DIFF: replaced function calls
#include "Inputs/corpus.h"

int weak_own(int), weak_overridden(int), target(int), alias(int), hidden(int), protected(int), chosen(int), calls(int);
int absent(int) __attribute__((weak));
extern int weak_variable, alias_variable;

#ifdef UNIT_a
__attribute__((weak)) NOINLINE int weak_own(int value) { return value + OLD_NEW(1, 2); }
__attribute__((weak)) NOINLINE int weak_overridden(int value) { return value + OLD_NEW(-1, -2); }
__attribute__((weak)) int weak_variable = 3;
NOINLINE int target(int value) { return value * OLD_NEW(3, 5); }
int alias(int) __attribute__((alias("target")));
extern int alias_variable __attribute__((alias("weak_variable")));
__attribute__((visibility("hidden"))) NOINLINE int hidden(int value) { return value + OLD_NEW(10, 20); }
__attribute__((visibility("protected"))) NOINLINE int protected(int value) { return value + OLD_NEW(100, 200); }
static int fast(int value) { return value + 7; }
static int slow(int value) { return value + OLD_NEW(8, 9); }
static int (*resolve(void))(int) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse2") ? slow : fast;
}
int chosen(int) __attribute__((ifunc("resolve")));
int calls(int value) {
  if (absent)
    value = absent(value);
  return weak_own(value) + weak_overridden(value) + alias(value) + hidden(value) + protected(value) + weak_variable + OLD_NEW(0, 1000);
}
#elif defined(UNIT_b)

int weak_overridden(int value) { return value * 2; } // strong: this is the one
int (*addresses[])(int) = {weak_own, alias, protected, chosen};
#else

extern int (*addresses[4])(int);
int main(int argc, char **argv) {
  int (*volatile address)(int) = target; // the compiler takes two names for two functions
  (void)argc;
  CHECK(addresses[1] == address && addresses[2] == protected && calls(1) == 2 + 2 + 3 + 11 + 101 + 3 && chosen(1) == 9);
  apply(argv[1]);
  CHECK(addresses[1] == address && target == address && addresses[2] == protected);
  CHECK(calls(1) == 3 + 2 + 5 + 21 + 201 + 3 + 1000);
  CHECK(addresses[0](1) == 3 && addresses[1](1) == 5 && addresses[2](1) == 201 && chosen(1) == 10 && addresses[3](1) == 10);
  alias_variable = 4;
  CHECK(weak_variable == 4 && calls(1) == 3 + 2 + 5 + 21 + 201 + 4 + 1000);
  revert();
  CHECK(calls(1) == 2 + 2 + 3 + 11 + 101 + 4 && chosen(1) == 9 && addresses[1](1) == 3);
}
#endif
