// Code from module-level assembly has no record and no sled.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: f: changed, but has no record: it was not compiled by the plugin (module-level assembly?)
#ifdef NEW
#define K "2"
#else
#define K "1"
#endif
__asm__(".text\n.globl f\n.type f,@function\nf: movl $" K ", %eax\nret\n.size f, .-f\n");
int g(void) { return 1; }
