// New variables of every kind come along; existing ones are imported by name.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -SW %t/u.wfp | FileCheck %s --check-prefix=ELF
// CHECK-DAG: replaced function f
// CHECK-DAG: added function helper
// CHECK-DAG: added data fresh_data
// CHECK-DAG: added data fresh_bss
// CHECK-DAG: added data fresh_const
// CHECK-DAG: added data fresh_tbss
// CHECK-DAG: added data fresh_global
// CHECK-DAG: added data helper.n
// DUMP-DAG: section .text.f unit 0
// DUMP-DAG: section .data.fresh_data unit 0
// DUMP-DAG: section .eh_frame unit 0
// DUMP-DAG: import existing variable local
// DUMP-DAG: import existing_tls thread-local
// DUMP-DAG: import existing_function function local
// DUMP-DAG: import elsewhere
// DUMP-DAG: definition helper at .text.helper
// DUMP-DAG: definition fresh_global at .data.fresh_global
// DUMP-NOT: import fresh
// DUMP-NOT: import helper
// ELF-DAG: .data.fresh_data {{ *}}PROGBITS {{.*}} WA
// ELF-DAG: .bss.fresh_bss {{ *}}NOBITS {{.*}} WA
// ELF-DAG: .rodata.fresh_const {{ *}}PROGBITS {{.*}} A
// ELF-DAG: .tbss.fresh_tbss {{ *}}NOBITS {{.*}} WAT
extern int elsewhere(int), elsewhere_data;
static int existing;
_Thread_local int existing_tls;
static __attribute__((noinline)) int existing_function(int x) { return elsewhere(x) + existing; }
int keep(int x) { return existing_function(++existing); }
#ifdef NEW
static int fresh_data = 5;
static int fresh_bss[100];
static const int fresh_const[] = {1, 2, 3, 4, 5};
static _Thread_local int fresh_tbss;
int fresh_global = 9;
static __attribute__((noinline)) int helper(int x) {
  static int n;
  n += x;
  return fresh_data++ + fresh_bss[x]++ + fresh_const[n] + fresh_tbss++;
}
int f(int x) { return helper(x) + existing++ + existing_function(x) + existing_tls + elsewhere(elsewhere_data); }
#else
int f(int x) { return existing_function(x); }
#endif
