// A relocation that updates do not support.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: f: needs relocation R_X86_64_GOT{{[A-Z0-9]+}} at +0x{{[0-9A-F]+}}, which updates do not support
extern int data;
#ifdef NEW
long f(void) { long x; __asm__("movabsq $data@GOTOFF, %0" : "=r"(x)); return x + 2; }
#else
long f(void) { long x; __asm__("movabsq $data@GOTOFF, %0" : "=r"(x)); return x + 1; }
#endif
