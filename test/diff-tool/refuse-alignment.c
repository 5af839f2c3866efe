// New data and code can be aligned to a page at most: wfdiff says so, not only the program that is to be updated.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: pool: is aligned to 65536 bytes; in an update it can be 4096 at most
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: mine: is aligned to 128 bytes; in an update it can be 64 at most
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: far: is aligned to 8192 bytes; in an update it can be 4096 at most
#ifdef NEW
static int pool[16] __attribute__((aligned(65536)));
static _Thread_local int mine __attribute__((aligned(128)));
__attribute__((noinline, aligned(8192))) static int far(int x) { return pool[x & 15] + ++mine; }
int f(int x) { return far(pool[x & 15]++); }
#else
int f(int x) { return x; }
#endif
