// One unit in a program and in two libraries of it: both are updated, each with its own statics and its own new data.  What is exported
// is one function for the whole process, and so is what hides behind another's name (preemption).
// RUN: %corpus %s %t -O2 -fPIC
// UNITS: common program_side library_side other_side
// SHARED: liblibrary.so common library_side
// SHARED: other.so common other_side
// PROGRAM: common program_side
// DIFF: replaced function count
// DIFF: replaced function exported
// DIFF: added function helper
// DIFF: added data fresh
#include "Inputs/corpus.h"
#include <dlfcn.h>

int exported(void), program_count(void), library_count(void), other_count(void);
int (*program_exported(void))(void), (*library_exported(void))(void), (*other_exported(void))(void);

#ifdef UNIT_common
static int state;
#ifdef NEW
static int fresh;
static NOINLINE int helper(int by) { return fresh += by; }
#endif
__attribute__((visibility("hidden"))) int count(void) { return OLD_NEW(++state, (state += 10) + 1000 * helper(1)); }
NOINLINE int exported(void) { return OLD_NEW(1, 2); }
#elif !defined(PROGRAM)
int count(void) __attribute__((visibility("hidden")));
#ifdef UNIT_program_side
#define SIDE(name) program_##name
#elif defined(UNIT_library_side)
#define SIDE(name) library_##name
#else
#define SIDE(name) other_##name
#endif
int SIDE(count)(void) { return count(); }
int (*SIDE(exported)(void))(void) { return exported; }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  char path[4096];
  snprintf(path, sizeof(path), "%s/other.so", argv[2]);
  void *other = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(other);
  int (*other_counts)(void) = (int (*)(void))dlsym(other, "other_count");
  int (*(*others)(void))(void) = (int (*(*)(void))(void))dlsym(other, "other_exported");
  CHECK(other_counts && others);
  for (int i = 0; i < 3; ++i)
    CHECK(program_count() == i + 1);
  CHECK(library_count() == 1 && other_counts() == 1 && other_counts() == 2);
  CHECK(program_exported() == library_exported() && others() == exported && exported() == 1);
  apply(argv[1]);
  CHECK(program_count() == 1013 && library_count() == 1011 && other_counts() == 1012 && other_counts() == 2022);
  CHECK(program_exported() == library_exported() && others() == exported && others()() == 2 && exported() == 2);
  revert();
  CHECK(program_count() == 14 && library_count() == 12 && other_counts() == 23 && others()() == 1);
  apply(argv[1]);
  CHECK(program_count() == 2024 && library_count() == 2022 && other_counts() == 3033);
  return 0;
}
#endif
