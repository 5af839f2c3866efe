// Static functions that change, come, go and are renamed; functions with linkage that get another signature or another name
// with all of their callers, in two units; variable arguments.  Callers that are else the same follow.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O0 -g
// UNITS: a b
// DIFF: replaced function changed
// DIFF: replaced function resized
// DIFF: replaced function from_a
// DIFF: replaced function from_b
// DIFF: replaced function sum
// DIFF: removed function removed
// DIFF: removed function before
// DIFF: removed function shared_before
// DIFF: added function added
// DIFF: added function after
// DIFF: added function shared_after
#include "Inputs/corpus.h"
#include <stdarg.h>
#include <string.h>

int from_a(int), from_b(int), kept(int), sum(int count, ...);

#ifndef PROGRAM
#ifdef NEW
long resized(const char *text, long value, double factor);
#define RESIZED(value) ((int)resized("abc", value, 0.5))
#define SHARED shared_after
#else
int resized(int value);
#define RESIZED(value) resized(value)
#define SHARED shared_before
#endif
int SHARED(int value);
#endif

#ifdef UNIT_a
static NOINLINE int same(int value) { return value * 3; }
static NOINLINE int changed(int value) { return same(value) + OLD_NEW(1, 2); }
#ifdef NEW
static NOINLINE int added(int value, int other) { return value * 100 + other; }
long resized(const char *text, long value, double factor) { return (long)strlen(text) * 1000 + (long)((double)value * factor); }
#else
static NOINLINE int removed(int value) { return value - 7; }
int resized(int value) { return value + 50; }
#endif
static NOINLINE int OLD_NEW(before, after)(int value) { return value ^ 21; }
NOINLINE int SHARED(int value) { return value + OLD_NEW(1000, 2000); }

int from_a(int value) {
  value = changed(value) + OLD_NEW(before, after)(value);
#ifdef NEW
  return added(value, 3) + RESIZED(10);
#else
  return removed(value) + RESIZED(10);
#endif
}
int kept(int value) { return same(value); }
#elif defined(UNIT_b)

int from_b(int value) { return RESIZED(value) + SHARED(value) * 2; }

int sum(int count, ...) {
  va_list list;
  va_start(list, count);
  double total = 0;
  for (int i = 0; i < count; ++i)
    total += OLD_NEW(1, 2) * (i % 2 ? va_arg(list, double) : va_arg(list, int));
  va_end(list);
  return (int)total;
}
#else

static void check_old(void) {
  CHECK(from_a(4) == 13 + (4 ^ 21) - 7 + 60);
  CHECK(from_b(6) == 56 + 1006 * 2);
  CHECK(sum(10, 1, 2.0, 3, 4.0, 5, 6.0, 7, 8.0, 9, 10.0) == 55);
  CHECK(kept(5) == 15);
}

int main(int argc, char **argv) {
  (void)argc;
  check_old();
  apply(argv[1]);
  CHECK(from_a(4) == (14 + (4 ^ 21)) * 100 + 3 + 3005);
  CHECK(from_b(6) == 3003 + 2006 * 2);
  CHECK(sum(10, 1, 2.0, 3, 4.0, 5, 6.0, 7, 8.0, 9, 10.0) == 110);
  CHECK(kept(5) == 15);
  revert();
  check_old();
}
#endif
