// The split part is reached through the exception table only: a return address in it could not be recognised.
// RUN: mkdir -p %t
// RUN: %wfclangxx -O2 -fsplit-machine-functions -mllvm -mfs-split-ehcode -c %s -o %t/old.o
// RUN: %wfclangxx -O2 -fsplit-machine-functions -mllvm -mfs-split-ehcode -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: f(int): its split part _Z1fi.cold cannot be located from its main part
#ifdef NEW
#define CODE 42
#else
#define CODE 41
#endif
void g(int), h(int);
int f(int x) {
  try { g(x); } catch (int) { h(CODE); return 1; }
  return 0;
}
