// Only an unrelocated displacement differs: it is code.
// RUN: mkdir -p %t && %wfclang -O1 -c %s -o %t/old.o && %wfclang -O1 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// CHECK: replaced function f: first difference at +0x[[AT:[0-9A-F]+]]
// CHECK-NEXT: OLD +0x{{[0-9a-f]+}} {{ *}}j
// CHECK-NEXT: NEW +0x{{[0-9a-f]+}} {{ *}}j
// CHECK: 1 replaced, 0 added, 0 removed
#ifdef NEW
#define TARGET L2
#else
#define TARGET L3
#endif
void a(void), b(void), c(void);
int f(int x, int y) {
  if (x == 1)
    goto TARGET;
  if (y == 2)
    goto L3;
  a();
  b();
L2:
  b();
  c();
L3:
  a();
  return 7;
}
