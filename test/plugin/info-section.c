// .wfpatch.info is in the object, not loaded, and dropped by links; `ld -r` keeps one document behind the other.
// RUN: %wfclang -O2 -fcf-protection=branch -fstack-protector-strong -c %s -o %t.o
// RUN: llvm-readelf -SW %t.o | FileCheck %s
// RUN: %info %t.o options | FileCheck --check-prefix=OPTIONS %s
// RUN: %info %t.o source | FileCheck --check-prefix=SOURCE %s
// RUN: %info %t.o target | FileCheck --check-prefix=TARGET %s
// RUN: %info %t.o compiler | FileCheck --check-prefix=COMPILER %s
// RUN: %wfclang %t.o -o %t -fuse-ld=bfd && llvm-readelf -SW %t | FileCheck --check-prefix=LINKED %s
// RUN: %wfclang %t.o -o %t -fuse-ld=lld && llvm-readelf -SW %t | FileCheck --check-prefix=LINKED %s
// CHECK: .wfpatch.info PROGBITS {{.*}} 00 E 0 0 1
// LINKED: .note.wfpatch NOTE {{.*}} A
// LINKED-NOT: .wfpatch.info
// OPTIONS: "O": "2"
// OPTIONS: "cf-protection": "branch"
// OPTIONS: "quiescence": "auto"
// OPTIONS: "stack-protector": "strong"
// SOURCE: "info-section.c"
// TARGET: "x86_64-{{.*}}linux-gnu"
// COMPILER: "{{.*}}clang version {{[0-9]+}}.
int main(void) { return 0; }
