// An update in which two static locals have exchanged their names (they are numbered in their order), and one upon it that uses them: each still
// means its own variable.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for version in 1 2 3; do %wfclang -O2 -DVERSION=$version -c %s -o %t/$version/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime
// RUN: %wfdiff %t/1 %t/2 -o %t/2.wfp && %wfdiff %t/2 %t/3 -o %t/3.wfp
// RUN: %t/program %t/2.wfp %t/3.wfp

#include "Inputs/harness.h"

int next(int odd), version(void);

#ifndef PROGRAM
#if VERSION == 3
#define STEP 10
#else
#define STEP 2
#endif

int version(void) { return VERSION; }
#if VERSION == 1
int next(int odd) {
  if (odd) {
    static int number = 1;
    return number += STEP;
  }
  static int number = 1000;
  return number += STEP;
}
#else
int next(int odd) {
  if (!odd) {
    static int number = 1000;
    return number += STEP;
  }
  static int number = 1;
  return number += STEP;
}
#endif
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  CHECK(version() == 1 && next(1) == 3 && next(0) == 1002);
  apply(argv[1]);
  CHECK(version() == 2 && next(1) == 5 && next(0) == 1004);
  apply(argv[2]);
  CHECK(version() == 3 && next(1) == 15 && next(0) == 1014);
  revert();
  CHECK(version() == 2 && next(1) == 17 && next(0) == 1016);
  revert();
  CHECK(version() == 1 && next(1) == 19 && next(0) == 1018);
  apply(argv[1]);
  apply(argv[2]);
  CHECK(version() == 3 && next(1) == 29 && next(0) == 1028);
  return 0;
}
#endif
