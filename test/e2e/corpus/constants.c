// What code refers to without a name: floating-point and vector constants, strings that are shared and merged with their tails;
// and constant tables, whose users all come along, in other units too.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fPIC
// UNITS: a b
// DIFF: replaced function real
// DIFF: replaced function vector
// DIFF: replaced function sign
// DIFF: replaced function text
// DIFF: replaced function tail
// DIFF: replaced function own
// DIFF: replaced function own_too
// DIFF: replaced function shared_here
// DIFF: replaced function shared_there
// DIFF: replaced constant own_table
// DIFF: replaced constant shared_table
#include "Inputs/corpus.h"

typedef float Vector __attribute__((vector_size(16)));
double real(double), sign(double), same_real(double);
Vector vector(Vector);
const char *text(int), *tail(void), *same_text(void);
int own(int), own_too(int), shared_here(int), shared_there(int);

#ifndef PROGRAM
extern const int shared_table[8] __attribute__((visibility("hidden")));
#endif

#ifdef UNIT_a
double real(double value) { return value * OLD_NEW(1.5, 2.5) + 0.1; }
double same_real(double value) { return value * 1.5 + 0.1; }
double sign(double value) { return OLD_NEW(-value, __builtin_fabs(value)); }
Vector vector(Vector value) { return value * (Vector){1, 2, 3, OLD_NEW(4, 8)}; }
const char *text(int which) { return which ? OLD_NEW("old text", "a new text, a longer one") : "shared text"; }
const char *same_text(void) { return "shared text"; }
const char *tail(void) { return OLD_NEW("text", "shared text"); }
static const int own_table[] = {1, 2, OLD_NEW(3, 30), 4, 5, 6, 7};
int own(int at) { return own_table[at & 3]; }
int own_too(int at) { return own_table[(at + 1) & 3] * 2; }
const int shared_table[8] = {1, 2, 3, 4, 5, 6, OLD_NEW(7, 70), 8};
int shared_here(int at) { return shared_table[at & 7]; }
#elif defined(UNIT_b)
int shared_there(int at) { return shared_table[at & 7] + 1000; }
#else

static float last(void) { return vector((Vector){1, 1, 1, 1})[3]; }
static void check_old(void) {
  CHECK(real(2) == 2 * 1.5 + 0.1 && same_real(2) == 2 * 1.5 + 0.1 && sign(-2) == 2 && sign(2) == -2 && last() == 4);
  CHECK(!strcmp(text(1), "old text") && !strcmp(text(0), "shared text") && !strcmp(tail(), "text"));
  CHECK(own(2) == 3 && own_too(1) == 6 && shared_here(6) == 7 && shared_there(6) == 1007);
}
int main(int argc, char **argv) {
  (void)argc;
  check_old();
  const char *kept = text(1), *same = same_text();
  apply(argv[1]);
  CHECK(real(2) == 2 * 2.5 + 0.1 && same_real(2) == 2 * 1.5 + 0.1 && sign(-2) == 2 && sign(2) == 2 && last() == 8);
  CHECK(!strcmp(text(1), "a new text, a longer one") && !strcmp(text(0), "shared text") && !strcmp(tail(), "shared text"));
  CHECK(!strcmp(kept, "old text") && same == same_text());
  CHECK(own(2) == 30 && own_too(1) == 60 && own(3) == 4 && shared_here(6) == 70 && shared_there(6) == 1070);
  kept = text(1);
  revert();
  CHECK(!strcmp(kept, "a new text, a longer one"));
  check_old();
}
#endif
