// What differs with each line that is inserted, and changes nothing: line numbers in code and in the names of variables and functions,
// numbers of __COUNTER__, asserts over several lines.  A name that was one variable's and is its neighbour's now gives nobody a state
// that is not its own.  What __DATE__ and __TIME__ say is another text in another build, and so in the update, like all that changed.
// RUN: env SOURCE_DATE_EPOCH=1700000000 %corpus %s %t -O2
// RUN: env SOURCE_DATE_EPOCH=1700000000 %corpus %s %t -O2 -g
// RUN: env SOURCE_DATE_EPOCH=1700000000 %corpus %s %t -O1 -fPIC
// DIFF: replaced function changes
// DIFF: replaced function counts
// DIFF: replaced function called
// DIFF: replaced function dated
// DIFF: added function third
// DIFF: added data cache_0
#include "Inputs/corpus.h"

int changes(int), counts(int, int), counts_too(int, int), asserts(int), where(const char **), called(void), cached(int);
const char *built(int), *dated(void);
void note(int line, const char *file);
extern int last_line;

#ifndef PROGRAM
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define COUNT(by) \
  ({ \
    static int PASTE(n_, __LINE__); \
    PASTE(n_, __LINE__) += by; \
  })
#define ASSERT(condition) ((condition) ? (void)0 : note(__LINE__, __FILE__))
// A function for each expansion, with a state.
#define EACH(name, step) \
  static NOINLINE int PASTE(PASTE(each_, __LINE__), _of)(void) { \
    static int n = 100; \
    return n += step; \
  } \
  static inline int name(void) { return PASTE(PASTE(each_, __LINE__), _of)(); }
#define CACHED_(name, variable) \
  static int variable; \
  static NOINLINE int name(int by) { return variable += by; }
#define CACHED(name) CACHED_(name, PASTE(cache_, __COUNTER__))
#ifdef NEW
CACHED(third)
#endif
CACHED(first)
CACHED(second)
#line OLD_NEW(200, 201)
EACH(each_first, 1)
EACH(each_second, 1)
EACH(each_third, 2)
int changes(int value) {
  ASSERT(value > 0);
  return value + OLD_NEW(1, 2 + third(1));
}
int cached(int by) { return first(by) * 100 + second(by + 1); }
int asserts(int value) {
  ASSERT(value >
         0);
  ASSERT(value >
         10 &&
         value < 1000);
  return value;
}
int where(const char **file) {
  *file = __FILE__;
  return __LINE__;
}
int counts(int some, int others) {
  int both = COUNT(some) * 1000;
  both += COUNT(others);
  return both OLD_NEW(, +1000000);
}
int counts_too(int some, int others) {
  int both = COUNT(some) * 1000;
  both += COUNT(others);
  return both;
}
static const char stamp[] = "stamp " __DATE__ " " __TIME__;
const char *built(int which) { return which == 0 ? "built " __DATE__ " " __TIME__ " from " __FILE__ : stamp; }
#ifdef NEW
#pragma clang diagnostic ignored "-Wbuiltin-macro-redefined"
#define __DATE__ "another day"
#endif
const char *dated(void) { return "this is of " __DATE__; }
int called(void) { return each_first() * 1000000 + each_second() * 1000 + each_third() + OLD_NEW(0, 1000000000); }
#else

int last_line;
void note(int line, const char *file) {
  (void)file;
  last_line = line;
}
int main(int argc, char **argv) {
  const char *file, *texts[] = {built(0), built(1)}, *date = dated();
  (void)argc;
  CHECK(called() == 101101102 && !strcmp(date, "this is of Nov 14 2023") && !strcmp(texts[1], "stamp Nov 14 2023 22:13:20"));
  CHECK(changes(1) == 2 && counts(1, 10) == 1010 && counts_too(3, 5) == 3005 && cached(1) == 102);
  int line = where(&file), at = 0;
  CHECK(asserts(0) == 0 && (at = last_line));
  apply(argv[1]);
  CHECK(changes(1) == 4 && counts(1, 10) == 1002020 && counts_too(3, 5) == 6010 && cached(1) == 204);
  CHECK(called() == 1102102104 && !strcmp(dated(), "this is of another day"));
  CHECK(built(0) == texts[0] && built(1) == texts[1] && where(&file) == line && asserts(0) == 0 && last_line == at);
  revert();
  CHECK(changes(1) == 2 && counts(1, 10) == 3030 && called() == 103103106 && cached(1) == 306 && dated() == date);
}
#endif
