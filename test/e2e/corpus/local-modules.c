// Modules opened with RTLD_LOCAL, each with a library of its own that has the same names: new code of a module finds what its own
// scope has, also what OLD never referred to.
// RUN: %corpus %s %t -O2
// UNITS: first second needed_first needed_second
// SHARED: needed-first.so needed_first
// SHARED: needed-second.so needed_second
// SHARED: first.so first needed-first.so
// SHARED: second.so second needed-second.so
// DIFF: replaced function entry
// DIFF: replaced function entry
#include "Inputs/corpus.h"
#include <dlfcn.h>

int entry(void);
extern int needed_state;
int needed(void), needed_too(void);

#if defined(UNIT_first) || defined(UNIT_second)
static int calls;
int entry(void) { return OLD_NEW(needed(), (needed_too() + needed_state)) * 100 + ++calls; }
#elif defined(UNIT_needed_first)
int needed_state = 1000;
int needed(void) { return 1; }
int needed_too(void) { return 2; }
#elif defined(UNIT_needed_second)
int needed_state = 2000;
int needed(void) { return 3; }
int needed_too(void) { return 4; }
#else

static int (*open_entry(const char *directory, const char *name))(void) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(module);
  return (int (*)(void))dlsym(module, "entry");
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  int (*first)(void) = open_entry(argv[2], "first.so"), (*second)(void) = open_entry(argv[2], "second.so");
  CHECK(first && second && first != second && !dlsym(RTLD_DEFAULT, "needed_too"));
  for (int round = 0; round < 2; ++round) {
    CHECK(first() == 101 + 2 * round && second() == 301 + 2 * round);
    apply(argv[1]);
    CHECK(first() == 100202 + 2 * round && second() == 200402 + 2 * round);
    revert();
  }
  return 0;
}
#endif
