// Initial values that change: --keep leaves what the running program has, --reinit sets it, and a revert leaves it.  A constant
// that writable data points to is replaced for those who use it by name if --replace-const says so.
// RUN: %corpus %s %t -O2
// WFDIFF: --keep kept --keep counts.n --reinit set --reinit pointer --replace-const table
// DIFF: replaced function read_all
// DIFF: replaced function lookup
// DIFF: replaced constant table
#include "Inputs/corpus.h"

int read_all(void), lookup(int), counts(void);
extern int kept, set[3];
extern const char *pointer;
extern const int *held;

#ifndef PROGRAM
int kept = OLD_NEW(1, 2), set[3] = {OLD_NEW(1, 10), 2, OLD_NEW(3, 30)};
const char *pointer = OLD_NEW("old", "new");
static const int table[5] = {1, 2, 3, 4, OLD_NEW(5, 50)};
const int *held = table;
int read_all(void) { return kept * 1000 + set[0] + set[1] + set[2] + OLD_NEW(0, 100000); }
int lookup(int at) { return table[at % 5]; }
int counts(void) {
  static int n = OLD_NEW(7, 70);
  return ++n;
}
#else

int main(int argc, char **argv) {
  (void)argc;
  CHECK(read_all() == 1006 && lookup(4) == 5 && counts() == 8 && !strcmp(pointer, "old"));
  kept = 9;
  set[1] = 8;
  const int *before = held;
  apply(argv[1]);
  CHECK(read_all() == 109000 + 42 && lookup(4) == 50 && counts() == 9 && !strcmp(pointer, "new"));
  CHECK(held == before && held[4] == 5);
  set[0] = 0;
  revert();
  CHECK(read_all() == 9000 + 32 && lookup(4) == 5 && !strcmp(pointer, "new"));
}
#endif
