// Static locals too, those in C++ with their guards; what only this object can see keeps its symbol.
// RUN: %wfclangxx -O3 -c %s -o %t.o && llvm-readelf -sW %t.o | FileCheck %s
// RUN: %clangxx -O3 -c %s -o %t.plain.o && llvm-readelf -sW %t.plain.o | FileCheck --check-prefix=PLAIN %s
// CHECK-DAG: OBJECT LOCAL DEFAULT {{.*}} _ZL7written
// CHECK-DAG: OBJECT LOCAL DEFAULT {{.*}} _ZZ4callvE5count
// CHECK-DAG: OBJECT LOCAL DEFAULT {{.*}} _ZZ4callvE4once
// CHECK-DAG: OBJECT LOCAL DEFAULT {{.*}} _ZN12_GLOBAL__N_15quietE
// CHECK-DAG: TLS LOCAL DEFAULT {{.*}} _ZL9perThread
// PLAIN-NOT: _ZL7written
// PLAIN-NOT: _ZN12_GLOBAL__N_15quietE
int make();
static int written;
namespace {
int quiet = 3;
}
static thread_local int perThread = 4;
int call() {
  static int count, once = make();
  written = ++count;
  return quiet + once + perThread;
}
