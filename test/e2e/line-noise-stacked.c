// A -> B shifts the line numbers in a function that is else the same, and is therefore left out; B -> C changes that function: what
// the running program has is neither what B's object says nor a reason to refuse.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for v in 1 2 3; do %wfclang -O2 -DV=$v -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime
// RUN: %wfdiff %t/1 %t/2 -o %t/to-2.wfp | FileCheck %s --check-prefix=FIRST
// RUN: %wfdiff %t/2 %t/3 -o %t/to-3.wfp | FileCheck %s --check-prefix=SECOND
// RUN: %t/program %t/to-2.wfp %t/to-3.wfp
//
// If nothing but lines differs there is no update: what runs is still the first build, and the next update is made from that.
// RUN: mkdir %t/moved && %wfclang -O2 -DV=1 -DMOVED -c %s -o %t/moved/unit.o
// RUN: (%wfdiff %t/1 %t/moved -o %t/none.wfp; test $? -eq 3) | FileCheck %s --check-prefix=NONE && test ! -e %t/none.wfp
// RUN: %wfdiff %t/moved %t/3 -o %t/from-moved.wfp && %wfdiff %t/1 %t/3 -o %t/from-1.wfp
// RUN: %t/program %t/from-moved.wfp %t/from-1.wfp refused
// NONE: no change
// NONE-NEXT: make the next one from OLD
//
// FIRST-NOT: replaced function asserts
// FIRST: replaced function version
// FIRST-NOT: replaced function asserts
// SECOND: replaced function asserts

#include "Inputs/harness.h"

int version(void), asserts(int), asserts_too(int);
extern int last_line;

#ifndef PROGRAM
int last_line;
static __attribute__((noinline)) void note(int line) { last_line = line; }
int version(void) {
  int value = V >= 2 ? 2 : 1;
  __asm__ volatile("" : "+r"(value));
  return value;
}
#if V >= 2 || defined(MOVED)
#line 1040
#else
#line 1000
#endif
int asserts(int value) {
  if (value < 0)
    note(__LINE__);
  return value + (V == 3 ? 300 : 0);
}
int asserts_too(int value) {
  if (value < 0)
    note(__LINE__);
  return value;
}
#else

int main(int argc, char **argv) {
  CHECK(argc >= 3 && version() == 1 && asserts(1) == 1);
  if (argc == 4) {
    char why[1024];
    CHECK(wfp_apply(argv[1], why, sizeof(why)) == 1 && strstr(why, "unit.o") && version() == 1);
    apply(argv[2]);
    CHECK(version() == 2 && asserts(-1) == 299 && last_line == 1045);
    return 0;
  }
  apply(argv[1]);
  CHECK(version() == 2 && asserts(-1) == -1 && last_line == 1003); // left out: the old line
  apply(argv[2]);
  CHECK(version() == 2 && asserts(-1) == 299 && last_line == 1045);
  CHECK(asserts_too(-1) == -1 && last_line == 1008); // never replaced
  revert();
  CHECK(asserts(-1) == -1 && last_line == 1003 && version() == 2);
  revert();
  CHECK(version() == 1 && asserts(1) == 1);
  return 0;
}
#endif
