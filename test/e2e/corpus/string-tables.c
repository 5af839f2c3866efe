// A switch that yields strings, or constants, becomes a table of 32-bit distances from the table's begin.  An entry's addend
// leads past the first characters of its string (entry N by 4 * N), and they are what changes here.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fPIC
// DIFF: replaced function name
// DIFF: replaced function longer
// DIFF: replaced function constant
// DIFF: replaced constant second
// WFDIFF: --replace-const=second
#include "Inputs/corpus.h"

const char *name(int), *longer(int), *stays(int);
const int *constant(int);

#ifndef PROGRAM
#define NAMES(second, fourth)                                                                                          \
  switch (which) {                                                                                                     \
  case 0: return "not_found";                                                                                          \
  case 1: return second;                                                                                               \
  case 2: return "flushed";                                                                                            \
  case 3: return fourth;                                                                                               \
  }                                                                                                                    \
  return 0;
const char *name(int which) { NAMES(OLD_NEW("found", "foupd"), "expired") }
const char *longer(int which) { NAMES("seen", OLD_NEW("a long text that differs early", "a song text that differs early")) }
const char *stays(int which) { NAMES("one", "three") }

static const int first[2] = {1, 2}, second[2] = {OLD_NEW(3, 5), 4}, third[2] = {5, 6}, fourth[2] = {7, 8};
const int *constant(int which) {
  switch (which) {
  case 0: return first;
  case 1: return second;
  case 2: return third;
  case 3: return fourth;
  }
  return 0;
}
#else

#include <string.h>

static void check(const char *one, const char *three, int two) {
  CHECK(!strcmp(name(0), "not_found") && !strcmp(name(1), one) && !strcmp(name(2), "flushed") && !strcmp(name(3), "expired"));
  CHECK(!strcmp(longer(1), "seen") && !strcmp(longer(3), three) && !strcmp(stays(1), "one") && !strcmp(stays(3), "three"));
  CHECK(constant(0)[0] == 1 && constant(1)[0] == two && constant(1)[1] == 4 && constant(3)[1] == 8);
}
int main(int argc, char **argv) {
  (void)argc;
  check("found", "a long text that differs early", 3);
  apply(argv[1]);
  check("foupd", "a song text that differs early", 5);
  revert();
  check("found", "a long text that differs early", 3);
}
#endif
