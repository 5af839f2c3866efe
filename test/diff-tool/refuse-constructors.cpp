// The running program has started: a new or changed constructor would not run (again).
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: _GLOBAL__sub_I_{{.*}}: is a constructor and changed
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: fresh(): is a new constructor; the running program has started already
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: last(): is a new destructor function; the running program would not call it
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: changed(): is a constructor and changed (first difference
int compute(int);
int at_start = compute(1);
#ifdef NEW
int more = compute(2);
__attribute__((constructor)) void fresh() { compute(3); }
__attribute__((destructor)) void last() { compute(4); }
__attribute__((constructor)) void changed() { compute(6); }
#else
__attribute__((constructor)) void changed() { compute(5); }
#endif
