// A function of which the compiler split a part off: the part is compared, included, and located through the main part's
// reference.
// RUN: mkdir -p %t && printf '!f\n!!0\n' > %t/blocks
// RUN: %wfclang -O2 -fbasic-block-sections=list=%t/blocks -c %s -o %t/old.o
// RUN: %wfclang -O2 -fbasic-block-sections=list=%t/blocks -DNEW -c %s -o %t/new.o
// RUN: llvm-readelf -sW %t/old.o | FileCheck %s --check-prefix=SYM
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// RUN: (llvm-readelf -sW %t/old.o | awk '$8 == "f.cold" {print "size", $3}'; llvm-readelf -rW %t/old.o; wfp-dump %t/u.wfp) | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -SW %t/u.wfp | FileCheck %s --check-prefix=ELF
// SYM: f.cold
// CHECK: replaced function f: first difference
// CHECK-NEXT: OLD {{.*}} $41
// CHECK-NEXT: NEW {{.*}} $42
// CHECK: 1 replaced, 0 added, 0 removed
// The part begins where the field of the first reference leads, less its addend.
// DUMP: size [[#%u,SIZE:]]
// DUMP: '.rela.text{{.*}}f'
// DUMP: R_X86_64_PLT32 {{.*}} .text.split.f + [[#%x,ADDEND:]]
// DUMP: old-code f size {{[0-9]+}} masks {{.*}} part at {{[0-9]+}} bias [[#%u,ADDEND]] size [[#%u,SIZE]]
// ELF: .text.split.f
#ifdef NEW
#define CODE 42
#else
#define CODE 41
#endif
void g(int), h(int), k(int);
int f(int x) {
  g(x);
  if (x > 1000) { h(x); k(2); h(CODE); }
  else { k(x); }
  return x * 3;
}
