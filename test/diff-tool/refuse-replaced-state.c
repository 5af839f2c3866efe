// A variable is gone and a function that used it uses a new one instead: the running program's value would be lost.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: refused: {{.*}}new.o: served: is gone, and serve, which used it, uses the new answered: its value would be lost: --keep served if that is right
// RUN: %wfdiff %t/old.o %t/new.o --keep served -o %t/u.wfp | FileCheck %s --check-prefix=KEEP
// KEEP: replaced function serve
// KEEP: added data answered
#ifdef NEW
long answered[2];
long serve(long n) { return answered[n & 1] += n; }
#else
long served;
long serve(long n) { return served += n; }
#endif
