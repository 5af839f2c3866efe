// Asserts over several lines, moved by lines that were inserted above: numbers in the code that are no change.
// RUN: %corpus %s %t -O2 -g
// RUN: %corpus %s %t.plain -O2
// RUN: %corpus %s %t.O0 -O0 -g
// DIFF: replaced function changed
// DIFF: replaced function longer
#include "Inputs/corpus.h"

int several_lines(int, int), changed(int), longer(int);
void failed(const char *what, int line);

#define ASSERT(condition) ((condition) ? (void)0 : failed(#condition, __LINE__))

#ifndef PROGRAM
#line OLD_NEW(1000, 1040)
int several_lines(int a, int b) {
  ASSERT(a > 3);
  ASSERT(a <
         b &&
         b < 1000);
  ASSERT(a + b !=
         77);
  return a + b;
}
int changed(int a) {
  ASSERT(a >
         4);
  return a + OLD_NEW(4, 5);
}
// The condition itself changes.
int longer(int a) {
  ASSERT(a >
         4
#ifdef NEW
         && a != 50
#endif
  );
  return a;
}
#else

static int last_line;
void failed(const char *what, int line) {
  (void)what;
  last_line = line;
}
static int line(void) {
  int seen = last_line;
  last_line = 0;
  return seen;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  for (int round = 0; round < 2; ++round) {
    CHECK(several_lines(7, 70) == 77 && line() == 1006 && several_lines(9, 2000) == 2009 && line() == 1004);
    CHECK(changed(3) == 7 && line() == 1011 && longer(50) == 50 && line() == 0 && longer(1) == 1 && line() == 1021);
    apply(argv[1]);
    // What only moved is left as it runs, with the numbers of OLD.
    CHECK(several_lines(7, 70) == 77 && line() == 1006 && several_lines(9, 2000) == 2009 && line() == 1004);
    CHECK(changed(3) == 8 && line() == 1051 && longer(50) == 50 && line() == 1061 && longer(51) == 51 && line() == 0);
    revert();
  }
  return 0;
}
#endif
