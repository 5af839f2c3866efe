// Two static locals of one name, and a third one now: which of them is which cannot be told from the code, and a wrong guess
// would bind code to another variable's state.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --keep f.n --keep f.n.1 | FileCheck %s --check-prefix=KEEP
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK: wfdiff: refused: {{.*}}new.o: f.n: static local of f has no counterpart in NEW, its state would be lost: --keep f.n
// CHECK: wfdiff: refused: {{.*}}new.o: f.n.1: static local of f has no counterpart in NEW, its state would be lost
// KEEP: added data f.n
// DUMP-DAG: remark kept f.n
// DUMP-DAG: remark kept f.n.1
extern void use(long *), mark(int);
void f(int x) {
#ifdef NEW
  if (x == 77) { static long n; use(&n); }
#endif
  if (x) { static long n; mark(1); use(&n); }
  else { static long n; mark(2); use(&n); }
}
