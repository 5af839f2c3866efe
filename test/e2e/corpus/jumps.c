// Jump tables: a case that changes, one more case, two cases that change places, so that nothing but the table differs; and
// labels as values, in a table that the source names and in differences between them.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fno-pie
// DIFF: replaced function changes
// DIFF: replaced function grows
// DIFF: replaced function trades
// DIFF: replaced function interpret
// DIFF: replaced function differences
// DIFF: replaced constant interpret.labels
// DIFF: replaced constant differences.labels
#include "Inputs/corpus.h"

int changes(int), grows(int), trades(int), stays(int), interpret(const char *), differences(const char *);
int work(int);

#ifndef PROGRAM
#define CASES(a, b, c, d, e)                                                                                           \
  case a: return work(11);                                                                                             \
  case b: return work(22) + 1;                                                                                         \
  case c: return work(33) - 2;                                                                                         \
  case d: return work(44) * 3;                                                                                         \
  case e: return work(55) ^ 4;
int changes(int which) {
  switch (which) {
    CASES(0, 1, 2, 3, 4)
  case 5: return work(OLD_NEW(66, 77));
  }
  return 0;
}
int grows(int which) {
  switch (which) {
    CASES(0, 1, 2, 3, 4)
#ifdef NEW
  case 5: return work(66) - 1;
  case 9: return work(99);
#endif
  }
  return 0;
}
int trades(int which) {
  switch (which) {
    CASES(0, OLD_NEW(1, 2), OLD_NEW(2, 1), 3, 4)
  }
  return 0;
}
int stays(int which) {
  switch (which) {
    CASES(0, 1, 2, 3, 4)
  }
  return 0;
}
int interpret(const char *program) {
  static const void *const labels[] = {&&stop, &&add, &&twice};
  int value = 0;
  goto *labels[*program++ & 3];
add:
  value = work(value) + 1;
  goto *labels[*program++ & 3];
twice:
  value = work(value) * OLD_NEW(2, 10);
  goto *labels[*program++ & 3];
stop:
  return value;
}
int differences(const char *program) {
  static const int labels[] = {&&stop - &&stop, &&add - &&stop, &&twice - &&stop};
  int value = 0;
  goto *(&&stop + labels[*program++ & 3]);
add:
  value = work(value) + OLD_NEW(1, 5);
  goto *(&&stop + labels[*program++ & 3]);
twice:
  value = work(value) * 2;
  goto *(&&stop + labels[*program++ & 3]);
stop:
  return value;
}
#else

int work(int value) { return value; }
static void check_old(void) {
  CHECK(changes(4) == (55 ^ 4) && changes(5) == 66 && grows(3) == 132 && grows(5) == 0 && grows(9) == 0);
  CHECK(trades(1) == 23 && trades(2) == 31 && stays(1) == 23);
  CHECK(interpret("\1\1\2\1") == 5 && differences("\1\1\2\1") == 5);
}
int main(int argc, char **argv) {
  (void)argc;
  check_old();
  apply(argv[1]);
  CHECK(changes(4) == (55 ^ 4) && changes(5) == 77 && grows(3) == 132 && grows(5) == 65 && grows(9) == 99);
  CHECK(trades(1) == 31 && trades(2) == 23 && stays(1) == 23);
  CHECK(interpret("\1\1\2\1") == 21 && differences("\1\1\2\1") == 25);
  revert();
  check_old();
}
#endif
