// The choice of an ifunc was made when the program started.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: f: is an ifunc in NEW; an update cannot bring one
static int fast(void) { return 1; }
#ifdef NEW
static int (*resolve(void))(void) { return fast; }
int f(void) __attribute__((ifunc("resolve")));
#else
int f(void) { return fast(); }
#endif
int g(void) { return f() + fast(); }
