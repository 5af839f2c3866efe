// A constant that a shared library exports: programs may have a copy of it, and other libraries its address.
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: %wfclang -O2 -fPIC -c %s -o old/a.o && %wfclang -O2 -fPIC -DNEW -c %s -o new/a.o
// RUN: not %wfdiff old new -o u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: new/a.o: table: constant changed (first difference at +0x4) and it is exported from a shared library: --replace-const table if that is right
// RUN: %wfdiff old new -o u.wfp --replace-const table
// A program's, or one that is not exported, is replaced with all of its users.
// RUN: %wfclang -O2 -c %s -o old/a.o && %wfclang -O2 -DNEW -c %s -o new/a.o && %wfdiff old new -o u.wfp
// RUN: %wfclang -O2 -fPIC -fvisibility=hidden -c %s -o old/a.o && %wfclang -O2 -fPIC -fvisibility=hidden -DNEW -c %s -o new/a.o
// RUN: %wfdiff old new -o u.wfp
#ifdef NEW
#define SECOND 3
#else
#define SECOND 2
#endif
extern const int table[2];
const int table[2] = {1, SECOND};
int get(int x) { return table[x]; }
