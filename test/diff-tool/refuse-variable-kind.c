// A variable that changes between writable, constant and thread-local.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: a: changed from writable to constant data
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: b: changed from constant to writable data
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: c: changed from writable to thread-local data
#ifdef NEW
const int a = 1;
int b = 2;
_Thread_local int c = 3;
#else
int a = 1;
const int b = 2;
int c = 3;
#endif
int f(void) { return a + b + c; }
