// Text and relocations of f are the same; only the exception table's type differs.
// RUN: mkdir -p %t && %wfclangxx -O2 -fPIC -c %s -o %t/old.o && %wfclangxx -O2 -fPIC -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -rW %t/u.wfp | FileCheck %s --check-prefix=ELF
// RUN: %wfclangxx -O2 -fno-pie -c %s -o %t/old.o && %wfclangxx -O2 -fno-pie -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// CHECK: replaced function f(): exception table:
// CHECK-NOT: replaced function same
// CHECK: 1 replaced, 0 added, 0 removed
// DUMP: function replaced f()
// DUMP: import __gxx_personality_v0
// The new body's frame description, and its exception table with the new type.
// ELF-DAG: R_X86_64_PC32 {{.*}} _Z1fv + 0
// ELF-DAG: R_X86_64_64 {{.*}} _ZTI1B + 0
struct A { int a; };
struct B { int b; };
void g();
void h();
#ifdef NEW
typedef B Caught;
#else
typedef A Caught;
#endif
int f() {
  try { g(); } catch (Caught &) { h(); return 1; }
  return 0;
}
int same() {
  try { g(); } catch (A &) { h(); return 2; }
  return 0;
}
