// UndefinedBehaviorSanitizer: lines that moved are no change; new code reports what it does, and where; functions that come are
// checked by who calls them through pointers, as those that were there are.
// RUN: %corpus %s %t -O0 -fsanitize=undefined
// RUN: %corpus %s %t -O2 -g -fsanitize=undefined,integer,nullability -fno-sanitize=unsigned-integer-overflow
// DIFF: replaced function sum
// DIFF: replaced function chosen
// DIFF: added function twice
// DIFF: removed function once
#include "Inputs/corpus.h"

int sum(int a, int b), same(int a), first(const char *text) __attribute__((nonnull));
int (*chosen(void))(int);

#ifndef PROGRAM
static int values[4] = {1, 2, 3, 4};
#ifdef NEW
#line 1000 // as if much had come in front
#endif
static NOINLINE int once(int a) { return a + 1; }
#ifdef NEW
static NOINLINE int twice(int a) { return a + 2; }
#endif
int same(int a) { return values[a & 3] + (a << 3); }
int first(const char *text) { return text[0]; }
int sum(int a, int b) {
  return OLD_NEW(a + b, a + b + 1);
}
int (*chosen(void))(int) { return OLD_NEW(once, twice); }
#else
#include <string.h>

void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file, unsigned *line, unsigned *column,
                                     char **address);
static int reports;
static unsigned last;
void __ubsan_on_report(void) {
  const char *kind, *message, *file;
  char *address;
  unsigned column;
  __ubsan_get_current_report_data(&kind, &message, &file, &last, &column, &address);
  CHECK(strstr(file, "undefined.c"));
  ++reports;
}

int main(int argc, char **argv) {
  const int most = 0x7fffffff;
  (void)argc;
  CHECK(sum(1, 2) == 3 && same(1) == 10 && chosen()(1) == 2 && first("x") == 'x' && reports == 0);
  sum(most, 1);
  CHECK(reports == 1);
  const unsigned line = last;
  sum(most, 1); // said once
  CHECK(reports == 1);
  int (*kept)(int) = chosen();
  apply(argv[1]);
  CHECK(sum(1, 2) == 4 && same(1) == 10 && chosen()(1) == 3 && kept(1) == 2 && reports == 1);
  sum(most, 1);
  CHECK(reports >= 2 && line < 1000 && last > 1000);
  const int before = reports;
  same(1 << 30);
  CHECK(reports == before + 1);
  long (*wrong)(const char *) = (long (*)(const char *))chosen();
  wrong("");
  CHECK(reports == before + 2);
  revert();
  CHECK(sum(1, 2) == 3 && chosen() == kept && kept(1) == 2);
  sum(most, 1);
  CHECK(reports == before + 2);
}
#endif
