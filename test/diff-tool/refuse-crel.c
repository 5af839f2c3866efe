// Relocations in the compact form are refused: nothing of them is read.
// RUN: mkdir -p %t && %wfclang -O2 -Wa,--crel,--allow-experimental-crel -c %s -o %t/old.o
// RUN: %wfclang -O2 -Wa,--crel,--allow-experimental-crel -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: {{.*}}old.o: compact relocations (-Wa,--crel) are not supported: assemble without them
extern int data;
#ifdef NEW
int f(void) { return data + 2; }
#else
int f(void) { return data + 1; }
#endif
