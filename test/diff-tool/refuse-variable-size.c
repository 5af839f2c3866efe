// A variable that grows or wants more alignment; the running program's cannot.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: grows: size changed from 16 to 20 bytes; the running program's cannot grow
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: aligned: alignment changed from {{[0-9]+}} to 64 bytes
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: per_thread: size changed from 4 to 8 bytes
#ifdef NEW
int grows[5];
int aligned[4] __attribute__((aligned(64)));
_Thread_local long per_thread;
#else
int grows[4];
int aligned[4];
_Thread_local int per_thread;
#endif
int f(int x) { return grows[x] + aligned[x] + (int)per_thread; }
