// Only an unrelocated displacement differs: it is code.
// RUN: mkdir -p %t && %wfclang -O1 -c %s -o %t/old.o && %wfclang -O1 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// CHECK: replaced function f: first difference at +0x[[AT:[0-9A-F]+]]
// CHECK-NEXT: OLD +0x{{[0-9a-f]+}} {{ *}}jmp [[OLD:[0-9]+]]
// CHECK-NEXT: NEW +0x{{[0-9a-f]+}} {{ *}}jmp
// CHECK-NOT: jmp [[OLD]]
// CHECK: 1 replaced, 0 added, 0 removed
#ifdef NEW
#define TARGET "%l0"
#else
#define TARGET "%l1"
#endif
void a(void), b(void);
int f(void) {
  __asm__ goto("jmp " TARGET : : : : L2, L3);
  a();
L2:
  b();
L3:
  a();
  return 7;
}
