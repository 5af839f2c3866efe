// Inline assembly notes places in a changed function in a table of its own, which somebody else walks.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: places+0x0: leads into f, which changed, but is not used by it (a table made by inline assembly?): who uses it would not see the new code
#ifdef NEW
#define VALUE 2
#else
#define VALUE 1
#endif
#define NOTE __asm__ volatile("1: nop\n.pushsection places,\"a\"\n.long 1b - .\n.popsection")
int f(int x) { NOTE; return x + VALUE; }
int same(int x) { NOTE; return x; }
