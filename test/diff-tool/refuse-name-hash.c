// Records know symbols by a hash of their names.  Two names of one unit that have the same (found by others for FNV-1a) are refused.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: GReLUrM4wMqfg9yzV3KQ: has the same name hash as 8yn0iYCKYHlIj4-BwPqk; rename one of them
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
int one(int) __asm__("8yn0iYCKYHlIj4-BwPqk"), other(int) __asm__("GReLUrM4wMqfg9yzV3KQ");
int one(int value) { return value + STEP; }
int other(int value) { return value - 1; }
