// All reasons are given in one run, sorted, one line each.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2> %t/err > %t/out; test ! -s %t/out && test ! -e %t/u.wfp
// RUN: FileCheck %s < %t/err
// CHECK: wfdiff: refused: {{.*}}new.o: f.n: static local of f
// CHECK-NEXT: wfdiff: refused: {{.*}}new.o: limit: initial value changed
// CHECK-NEXT: wfdiff: refused: {{.*}}new.o: table: size changed
// CHECK-NOT: wfdiff
#ifdef NEW
int limit = 2, table[8];
int f(int x) { return table[x]; }
#else
int limit = 1, table[4];
int f(int x) { static int n; return table[x] + ++n; }
#endif
