// A static local of an inline function whose code changed all around, while another of its name came: it has no counterpart, and that
// its name is another's now does not mean that a unit still has it.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: inlined(int)::n: static local of _Z7inlinedi has no counterpart in NEW, its state would be lost: --keep _ZZ7inlinediE1n_0
int mark(int *where, int by);
__attribute__((noinline)) inline int inlined(int which) {
#ifdef NEW
  if (which == 3) {
    static int n;
    return mark(&n, 1000);
  }
#endif
  if (which == 1) {
    static int n;
    return mark(&n, 1);
  }
  static int n;
#ifdef NEW
  return mark(&n, 20) + mark(&n, 7);
#else
  return mark(&n, 10);
#endif
}
int call_inlined(int which) { return inlined(which); }
