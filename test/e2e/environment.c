// WFPATCH_UPDATES: a folder's updates are in force before main, in the order of their names; what is refused is logged
// (WFPATCH_LOG), and the program runs all the same.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3 %t/updates
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for v in 1 2 3; do %wfclang -O2 -DV=$v -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime
// RUN: %wfdiff %t/1 %t/2 -o %t/updates/10-first.wfp && %wfdiff %t/2 %t/3 -o %t/updates/20-second.wfp
// RUN: echo nonsense > %t/updates/15-broken.wfp
// RUN: %t/program | FileCheck %s --check-prefix=OLD
// RUN: env WFPATCH_UPDATES=%t/updates WFPATCH_LOG=%t/log %t/program | FileCheck %s --check-prefix=NEW
// RUN: FileCheck %s --check-prefix=LOG < %t/log
// RUN: env WFPATCH_UPDATES=%t/absent WFPATCH_LOG=stderr %t/program 2>&1 | FileCheck %s --check-prefix=ABSENT
// OLD: version 1
// NEW: version 3
// LOG: wfpatch[{{[0-9]+}}]: applied 10-first.wfp
// LOG: 15-broken.wfp
// LOG: applied 20-second.wfp
// ABSENT: WFPATCH_UPDATES cannot be read: {{.*}}absent
// ABSENT: version 1

#include <stdio.h>
int version(void);
#ifndef PROGRAM
int version(void) {
  int value = V;
  __asm__ volatile("" : "+r"(value));
  return value;
}
#else
int main(void) { printf("version %d\n", version()); }
#endif
