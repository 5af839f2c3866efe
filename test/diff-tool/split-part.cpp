// A function whose exception-handling code the compiler split off: the part is compared, included, and located through the
// main part's reference.
// RUN: mkdir -p %t
// RUN: %wfclangxx -O2 -fsplit-machine-functions -mllvm -mfs-split-ehcode -c %s -o %t/old.o
// RUN: %wfclangxx -O2 -fsplit-machine-functions -mllvm -mfs-split-ehcode -DNEW -c %s -o %t/new.o
// RUN: llvm-readelf -sW %t/old.o | FileCheck %s --check-prefix=SYM
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -SW %t/u.wfp | FileCheck %s --check-prefix=ELF
// SYM: _Z1fi.cold
// CHECK: replaced function f(int): {{.*}}
// CHECK-NEXT: OLD {{.*}} $41
// CHECK-NEXT: NEW {{.*}} $42
// CHECK: 1 replaced, 0 added, 0 removed
// DUMP: old-code _Z1fi {{.*}} part
// ELF: .text.split._Z1fi
#ifdef NEW
#define CODE 42
#else
#define CODE 41
#endif
void g(int), h(int);
int f(int x) {
  try { g(x); } catch (int) { h(CODE); return 1; }
  return 0;
}
