// A callee that may throw now: its caller's text is the same, but it gains unwind information.
// RUN: mkdir -p %t
// RUN: %wfclangxx -O2 -fno-asynchronous-unwind-tables -c %s -o %t/old.o
// RUN: %wfclangxx -O2 -fno-asynchronous-unwind-tables -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// CHECK-DAG: replaced function caller(int): has unwind information only in NEW
// CHECK-DAG: replaced function callee(int): first difference
// CHECK: 2 replaced, 0 added, 0 removed
extern int G;
__attribute__((noinline)) static int callee(int x) {
#ifdef NEW
  if (x == 77)
    throw 1;
#endif
  G = x;
  return 0;
}
int caller(int x) {
  callee(x);
  callee(x + 1);
  return G;
}
