// A changed constant whose address somebody may hold would go on being seen with its old content.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --replace-const held --replace-const given --replace-const global | FileCheck %s --check-prefix=OK
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: held: constant changed (first difference at +0x0) and its address is in the writable pointer: --replace-const held if that is right
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: given: constant changed ({{.*}}) and its address escapes
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: global: constant changed ({{.*}}) and other objects may use it (give whole build directories)
// CHECK-NOT: refused: {{.*}}private
// OK-DAG: replaced constant private
// OK-DAG: replaced constant global
// DUMP-DAG: remark replaced-const held
// DUMP-DAG: remark replaced-const given
// DUMP-DAG: remark replaced-const global
#ifdef NEW
#define FIRST 7
#else
#define FIRST 1
#endif
void take(const int *);
static const int held[5] = {FIRST, 2, 3, 4, 5};
static const int given[5] = {FIRST, 2, 3, 4, 6};
static const int private[5] = {FIRST, 2, 3, 4, 7};
const int global[5] = {FIRST, 2, 3, 4, 8};
const int *pointer = held;
int f(int x) { take(given); return held[x] + private[x] + global[x]; }
