// What a security fix is made of: a changed function, a new static helper, a changed string, a new static variable, a
// removed function; state stays; revert and apply again.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -g -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -g -c %s -o %t/old/unit.o && %wfclang -O2 -g -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"

#define NOINLINE __attribute__((noinline))

extern int calls;
int count(void), work(int), choose(int);
const char *name(int);
double scale(double);

#ifndef PROGRAM
int calls; // state that stays
int count(void) { return ++calls; }

const char *name(int index) {
  static const char *const names[] = {"zero", "one", "two"};
#ifdef NEW
  if (index < 0 || index > 2)
    return "out of bounds";
#endif
  return names[index % 3];
}

#ifdef NEW
static int added = 40; // data that the update brings
static NOINLINE int helper(int value) { return ++added + value; }
#else
static NOINLINE int removed(int value) { return value * 2; }
#endif

int work(int value) {
#ifdef NEW
  return helper(value) + count();
#else
  return removed(value) + count() * 1000;
#endif
}

int choose(int value) { // a jump table
  switch (value) {
  case 0: return 5;
  case 1: return work(1);
  case 2: return 7;
  case 3: return count();
#ifdef NEW
  case 4: return 44;
#else
  case 4: return 9;
#endif
  case 5: return 11;
  case 6: return (int)strlen(name(1));
  default: return -1;
  }
}

double scale(double value) {
#ifdef NEW
  return value * 3.25 + 0.125; // constants
#else
  return value * 1.5;
#endif
}
#else

int (*volatile pointer)(int) = work;

int main(int argc, char **argv) {
  CHECK(argc == 2);
  int (*before)(int) = pointer;
  for (int round = 0; round < 3; ++round) {
    int at = calls;
    CHECK(work(5) == 10 + (at + 1) * 1000);
    CHECK(pointer(5) == 10 + (at + 2) * 1000);
    CHECK(strcmp(name(1), "one") == 0);
    CHECK(choose(4) == 9 && choose(0) == 5 && choose(6) == 3);
    CHECK(scale(2) == 3.0);
    CHECK(calls == at + 2);

    apply(argv[1]);
    // The update's data is kept from one application to the next.
    CHECK(work(5) == 40 + 2 * round + 1 + 5 + at + 3);
    CHECK(pointer(5) == 40 + 2 * round + 2 + 5 + at + 4);
    CHECK(pointer == before && pointer == work);
    CHECK(strcmp(name(-1), "out of bounds") == 0 && strcmp(name(2), "two") == 0);
    CHECK(choose(4) == 44 && choose(0) == 5 && choose(6) == 3);
    CHECK(scale(2) == 6.625);
    CHECK(calls == at + 4);
    revert();
  }
  return 0;
}
#endif
