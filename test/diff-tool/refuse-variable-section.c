// A variable that moves into, out of or between sections that the source names.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: between: section changed from one to two; the running program's stays where it is
// CHECK: wfdiff: refused: {{.*}}new.o: into: section changed from the compiler's to special
#ifdef NEW
#define IN(old, new) new
#else
#define IN(old, new) old
#endif
int into IN(, __attribute__((section("special")))) = 1;
int between __attribute__((section(IN("one", "two")))) = 1;
int stays __attribute__((section("three"))) = 1;
int initialised_by_name __attribute__((section(IN(".data.a", ".data.b")))) = 1;
int f(void) { return into + between + stays + initialised_by_name; }
