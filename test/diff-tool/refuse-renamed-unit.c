// A unit that has another name in NEW: its functions are found by their names, its static variables are not, and their values would be lost.
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: %wfclang -O2 -c %s -o old/a.o && %wfclang -O2 -c %s -o new/renamed.o
// RUN: not %wfdiff old new -o u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: old/a.o: f.calls: is gone, and f (now in renamed.o), which used it, uses the new f.calls: its value would be lost: --keep f.calls if that is right
// CHECK: wfdiff: refused: old/a.o: total: is gone, and f (now in renamed.o), which used it, uses the new f.calls
// RUN: %wfdiff old new -o u.wfp --keep f.calls --keep total | FileCheck %s --check-prefix=KEPT
// KEPT: replaced function f
int kept;
static int total;
int f(int x) {
  static int calls;
  calls += x;
  total += calls * 3;
  return total + kept++;
}
