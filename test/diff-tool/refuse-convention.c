// A function whose calling convention may keep r11 live has no sled.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: f: changed, but has no sled: its calling convention may keep r11 live
#ifdef NEW
#define K 2
#else
#define K 1
#endif
__attribute__((preserve_none)) int f(int x) { return x + K; }
