// Updates on updates: A -> B -> C -> D, each from the build before; functions and data that one brings, the next changes or
// uses; reverted newest first, and applied again.  A middle one cannot be reverted, the wrong order cannot be applied.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3 %t/4
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for v in 1 2 3 4; do %wfclang -O2 -DV=$v -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime
// RUN: for v in 2 3 4; do %wfdiff %t/$((v-1)) %t/$v -o %t/to-$v.wfp || exit 1; done
// RUN: %t/program %t/to-2.wfp %t/to-3.wfp %t/to-4.wfp

#include "Inputs/harness.h"

int version(void), stable(void), via_added(int);
extern int shared_state;

#ifndef PROGRAM
#define NOINLINE __attribute__((noinline))

int shared_state;
int stable(void) { return ++shared_state; }

#if V >= 2
static int brought = 10; // new in 2, used by all later versions
static NOINLINE int added(int value) {
  __asm__ volatile("" : "+r"(value));
#if V == 2
  return value + ++brought;
#elif V == 3
  return value * 2 + ++brought; // a function that an update brought, changed
#else
  return value * 3 + ++brought;
#endif
}
#endif

int version(void) {
  int value = V;
  __asm__ volatile("" : "+r"(value));
  return value;
}

int via_added(int value) {
#if V == 1
  return value;
#elif V == 4
  return added(value) + 1000;
#else
  return added(value);
#endif
}
#else

int main(int argc, char **argv) {
  CHECK(argc == 4);
  char why[1024];
  CHECK(version() == 1 && via_added(5) == 5 && stable() == 1);

  CHECK(wfp_apply(argv[2], why, sizeof(why)) == 1); // 2 -> 3 before 1 -> 2
  CHECK(strstr(why, "unit.o"));
  CHECK(version() == 1);

  int brought = 10;
  for (int round = 0; round < 3; ++round) {
    apply(argv[1]);
    CHECK(version() == 2 && via_added(5) == 5 + ++brought);
    CHECK(wfp_apply(argv[1], why, sizeof(why)) == 1 && strstr(why, "applied already"));
    CHECK(wfp_apply(argv[3], why, sizeof(why)) == 1);
    apply(argv[2]);
    CHECK(version() == 3 && via_added(5) == 10 + ++brought);
    apply(argv[3]);
    CHECK(version() == 4 && via_added(5) == 15 + ++brought + 1000);
    CHECK(wfp_revert("to-2.wfp", why, sizeof(why)) == 1 && strstr(why, "to-4.wfp"));
    CHECK(wfp_revert("nonsense", why, sizeof(why)) == 1);
    revert();
    CHECK(version() == 3 && via_added(5) == 10 + ++brought);
    revert();
    CHECK(version() == 2 && via_added(5) == 5 + ++brought);
    apply(argv[2]);
    CHECK(version() == 3 && via_added(5) == 10 + ++brought);
    revert();
    revert();
    CHECK(version() == 1 && via_added(5) == 5);
    CHECK(wfp_revert(NULL, why, sizeof(why)) == 1 && strstr(why, "no update is applied"));
  }
  CHECK(stable() == 2);
  return 0;
}
#endif
