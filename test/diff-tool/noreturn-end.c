// A call to a noreturn function at the very end: the recorded size covers it, so that its return address is inside.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: (llvm-readelf -sW %t/old.o | awk '$8 == "f" {print "size", $3}'; wfp-dump %t/u.wfp) | FileCheck %s --check-prefix=DUMP
// CHECK: 1 replaced, 0 added, 0 removed
// DUMP: size [[SIZE:[0-9]+]]
// DUMP: old-code f size [[SIZE]] masks 0+5 {{[0-9]+}}+4 flags
__attribute__((noreturn)) void for_ever(char *);
#ifdef NEW
void f(char *p) { p[0] = 1; p[1] = 3; for_ever(p); }
#else
void f(char *p) { p[0] = 1; p[1] = 2; for_ever(p); }
#endif
