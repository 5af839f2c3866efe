// Static locals keep their state: several of one name, with another added in front of them; one that is renamed.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: llvm-readelf -sW %t/old.o | FileCheck %s --check-prefix=OLD
// RUN: llvm-readelf -sW %t/new.o | FileCheck %s --check-prefix=NEW
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// The suffixes are shifted: what is called f.n is another variable in NEW.
// OLD-DAG: f.n{{$}}
// OLD-DAG: f.n.1{{$}}
// NEW-DAG: f.n.2{{$}}
// CHECK: replaced function f
// CHECK: replaced function g
// CHECK: added data f.n
// CHECK: 2 replaced, 0 added, 0 removed functions, 1 new data
// The two old ones are imported, the renamed one under its old name, and later updates learn who is who.
// DUMP-DAG: import f.n variable local
// DUMP-DAG: import f.n.1 variable local
// DUMP-DAG: import g.before variable local
// DUMP-DAG: definition f.n.1 is f.n
// DUMP-DAG: definition f.n.2 is f.n.1
// DUMP-DAG: definition f.n at .bss.f.n
// DUMP-DAG: definition g.after is g.before
extern void use(long *), mark(int);
#ifdef NEW
#define after_or_before after
#define LESS 2
#else
#define after_or_before before
#define LESS 1
#endif
void f(int x) {
#ifdef NEW
  if (x == 77) { static long n; use(&n); }
#endif
  if (x > 3) { static long n; n += x * 5; use(&n); mark(1); }
  else { static long n; mark(2); use(&n); mark(n); }
}
long g(void) { static long after_or_before; return after_or_before += LESS; }
