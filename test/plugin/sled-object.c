// The sled in objects: the first instruction, five bytes, at a multiple of 16; behind the only endbr64 with -fcf-protection.
// RUN: %wfclang -O2 -c %s -o %t.o && llvm-objdump -d --no-leading-addr %t.o | FileCheck %s
// RUN: llvm-readelf -SW %t.o | FileCheck --check-prefix=SECTIONS %s
// RUN: %wfclang -O0 -g -fPIC -c %s -o %t.o && llvm-objdump -d --no-leading-addr %t.o | FileCheck %s
// RUN: %wfclang -O2 -fcf-protection -c %s -o %t.o && llvm-objdump -d --no-leading-addr %t.o | FileCheck --check-prefix=CF %s
// CHECK-LABEL: <called>:
// CHECK-NEXT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CHECK-NOT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CHECK-LABEL: <local>:
// CHECK-NEXT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CHECK-NOT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CHECK-LABEL: <naked>:
// CHECK-NEXT: c3 {{.*}}ret
//
// CF-LABEL: <called>:
// CF-NEXT: f3 0f 1e fa {{.*}}endbr64
// CF-NEXT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CF-NOT: endbr64
// Direct calls go on being direct.
// CF: e8 {{.*}}call
// CF-NOT: notrack
// CF: e8 {{.*}}call
// CF-LABEL: <local>:
// CF-NEXT: f3 0f 1e fa {{.*}}endbr64
// CF-NEXT: a9 {{.*}}testl $0x{{[0-9a-f]+}}, %eax
// CF-NOT: endbr64
// CF-LABEL: <naked>:
//
// Each function and variable has its own section.
// SECTIONS-DAG: .text.called PROGBITS {{.*}} AX 0 0 16
// SECTIONS-DAG: .text.local PROGBITS {{.*}} AX 0 0 16
// SECTIONS-DAG: .data.variable PROGBITS
int elsewhere(int);
int variable = 1;
static __attribute__((noinline)) int local(int x) { return elsewhere(x) + variable; }
int called(int x) { return local(x) + elsewhere(x); }
__attribute__((naked)) void naked(void) { __asm__("ret"); }
