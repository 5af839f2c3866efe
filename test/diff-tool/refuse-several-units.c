// What `ld -r` made of several objects has several notes: which function is whose cannot be told.
// RUN: rm -rf %t && mkdir -p %t && cd %t
// RUN: %wfclang -O2 -DUNIT=1 -c %s -o 1.o && %wfclang -O2 -DUNIT=2 -c %s -o 2.o && %wfclang -O2 -DUNIT=2 -DNEW -c %s -o 3.o
// RUN: ld -r 1.o 2.o -o old.o && ld -r 1.o 3.o -o new.o
// RUN: not %wfdiff old.o new.o -o u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff old.o old.o -o u.wfp; test $? -eq 3
// CHECK: wfdiff: refused: new.o: (unit): holds several units (ld -r); give the objects that it was made of
// CHECK: wfdiff: refused: old.o: (unit): holds several units (ld -r)
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#ifdef NEW
int PASTE(f, UNIT)(int x) { return x + 9; }
#else
int PASTE(f, UNIT)(int x) { return x + UNIT; }
#endif
