// Thunks that the back end makes for indirect calls have no record by which those of the program could be found: an update brings
// its own.  That they come or go is no change of the program's functions.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for flag in -mretpoline -mlvi-cfi; do \
// RUN:   for version in OLD NEW DIRECT; do %wfclang -O1 $flag -D$version -c unit.c -o $version.o || exit; done; \
// RUN:   %wfdiff OLD.o NEW.o -o u.wfp && llvm-readelf -sW u.wfp | grep __llvm && \
// RUN:   %wfdiff OLD.o DIRECT.o -o u.wfp && %wfdiff DIRECT.o NEW.o -o u.wfp || exit; \
// RUN: done | FileCheck %s
// CHECK: replaced function call
// CHECK-NEXT: 1 replaced, 0 added, 0 removed functions
// CHECK: WEAK HIDDEN {{[0-9]+}} __llvm_retpoline_r11
// CHECK: 1 replaced, 0 added, 0 removed functions
// CHECK: 1 replaced, 0 added, 0 removed functions
// CHECK: replaced function call
// CHECK-NEXT: 1 replaced, 0 added, 0 removed functions
// CHECK: WEAK HIDDEN {{[0-9]+}} __llvm_lvi_thunk_r11
// CHECK: 1 replaced, 0 added, 0 removed functions
// CHECK: 1 replaced, 0 added, 0 removed functions
int direct(int n);
int (*pointer)(int) = direct;
#ifdef OLD
int call(int n) { return pointer(n) + 1; }
#elif defined(NEW)
int call(int n) { return pointer(n) + 2; }
#else
int call(int n) { return direct(n) + 3; }
#endif
