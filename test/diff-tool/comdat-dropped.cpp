// A unit that no longer needs its copy of an inline function does not remove the function.
// RUN: rm -rf %t && split-file %s %t && mkdir %t/old %t/new
// RUN: cd %t && %wfclangxx -O2 -c a.cpp -o old/a.o && %wfclangxx -O2 -DNEW -c a.cpp -o new/a.o
// RUN: %wfclangxx -O2 -c b.cpp -o old/b.o && cp old/b.o new/b.o
// RUN: %wfdiff old new -o u.wfp | FileCheck %s
// RUN: rm old/b.o new/b.o && %wfdiff old new -o u.wfp | FileCheck %s --check-prefix=ALONE
// CHECK: replaced function a(int)
// CHECK: 1 replaced, 0 added, 0 removed
// ALONE: removed function twice(int)
// ALONE: 1 replaced, 0 added, 1 removed
//--- h.h
inline __attribute__((noinline)) int twice(int x) { return x * 2; }
//--- a.cpp
#include "h.h"
#ifdef NEW
int a(int x) { return x; }
#else
int a(int x) { return twice(x); }
#endif
//--- b.cpp
#include "h.h"
int b(int x) { return twice(x); }
