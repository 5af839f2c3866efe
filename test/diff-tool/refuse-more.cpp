// Found by reading: a new thread-local with a constructor (its guard is set already in the threads that exist), and a function
// that gets a calling convention that calls cannot be redirected to.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: thread-local initialization routine for old_one: is a constructor and changed
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: new_one: is a new thread-local in a unit whose thread-locals have constructors
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: convention(int): has another calling convention in NEW, one that may keep r11 live: calls to it cannot be redirected
int compute(int);
thread_local int old_one = compute(1);
#ifdef NEW
thread_local int new_one = compute(2);
int both() { return old_one + new_one; }
__attribute__((preserve_none)) int convention(int x) { return x + 1; }
#else
int both() { return old_one; }
int convention(int x) { return x; }
#endif
