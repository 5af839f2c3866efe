// New objects that an update can bring: global ones that the compiler constructs, and static locals, which are constructed when
// they are first used and destroyed at exit. In a unit that has constructed globals of its own.
// RUN: %corpus %s %t -std=c++20 -O2 -g
// DIFF: replaced function use(int)
// DIFF: added function singleton()
// DIFF: added data table
// DIFF: added data singleton()::only
// DIFF: added data guard variable for singleton()::only
#include "Inputs/corpus.h"

extern "C" void note(const char *what);
int use(int n);

#ifndef PROGRAM
struct Noted {
  explicit Noted(const char *name) : name(name) { note("constructed"); }
  ~Noted() { note(name); }
  const char *name;
  int calls = 0;
};
Noted existing("existing destroyed");
struct Table {
  constexpr explicit Table(int n) : values{n, n * n, n * n * n} {}
  int values[3];
};
#ifdef NEW
constinit Table table(3);
static NOINLINE Noted &singleton() {
  static Noted only("new destroyed");
  return only;
}
int use(int n) { return table.values[n]++ + 100 * ++singleton().calls + ++existing.calls; }
#else
int use(int) { return ++existing.calls; }
#endif
#else
static char notes[256];
static int expected;
extern "C" void note(const char *what) {
  strcat(strcat(notes, what), ";");
  if (strstr(what, "destroyed")) // in the reverse order of construction
    CHECK(expected && !strcmp(notes, strstr(notes, "existing destroyed")
                                         ? "constructed;constructed;new destroyed;existing destroyed;"
                                         : "constructed;constructed;new destroyed;"));
}
int main(int, char **argv) {
  CHECK(use(0) == 1 && !strcmp(notes, "constructed;"));
  apply(argv[1]);
  CHECK(use(0) == 3 + 100 + 2 && use(2) == 27 + 200 + 3 && use(0) == 4 + 300 + 4);
  CHECK(!strcmp(notes, "constructed;constructed;"));
  revert();
  CHECK(use(0) == 5);
  expected = 1;
}
#endif
