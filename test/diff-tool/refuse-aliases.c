// Names that share an entry in one build only: callers of one would get the other.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: not %wfdiff %t/new.o %t/old.o -o %t/u.wfp 2>&1 | FileCheck %s --check-prefix=BACK
// CHECK: wfdiff: refused: {{.*}}new.o: second: is an alias of first in OLD, and on its own in NEW
// CHECK-NOT: third
// BACK: wfdiff: refused: {{.*}}old.o: second: is on its own in OLD, and an alias of first in NEW
int first(int x) { return x + 1; }
#ifdef NEW
int second(int x) { return x + 2; }
#else
int second(int x) __attribute__((alias("first")));
#endif
int third(int x) { return x + 3; }
int fourth(int x) __attribute__((alias("third")));
