// A static local that goes away while its function stays: its state would be lost.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --keep f.calls | FileCheck %s --check-prefix=KEEP
// CHECK: wfdiff: refused: {{.*}}new.o: f.calls: static local of f has no counterpart in NEW, its state would be lost: --keep f.calls if that is right
// KEEP: 1 replaced
#ifdef NEW
int f(int x) { return x; }
#else
int f(int x) { static int calls; return x + ++calls; }
#endif
