// A poll is one compare with memory, relative to the program counter, at every optimisation level and in every kind of code.
// RUN: %wfclang -O2 -fPIC -c %s -o %t.o && llvm-objdump -dr --no-leading-addr %t.o | FileCheck %s
// RUN: %wfclang -O2 -fno-pic -c %s -o %t.o && llvm-objdump -dr --no-leading-addr %t.o | FileCheck %s
// RUN: %wfclang -O1 -fPIE -c %s -o %t.o && llvm-objdump -dr --no-leading-addr %t.o | FileCheck %s
// RUN: %wfclang -O0 -fPIC -c %s -o %t.o && llvm-objdump -dr --no-leading-addr %t.o | FileCheck --check-prefix=O0 %s
// RUN: llvm-readelf -rW %t.o | FileCheck --check-prefix=GOT --allow-empty %s
// CHECK-LABEL: <waits>:
// CHECK: cmpb $0x0, (%rip)
// CHECK-NEXT: R_X86_64_PC32{{.*}} __wfp_image-0x5
// CHECK: call{{.*}} *(%rip)
// CHECK-NEXT: R_X86_64_PC32{{.*}} __wfp_image+0x4
// O0-LABEL: <waits>:
// O0: cmpb $0x0, (%rip)
// O0-NEXT: R_X86_64_PC32{{.*}} __wfp_image-0x5
// O0: movq (%rip), [[REG:%r[a-z0-9]+]]
// O0-NEXT: R_X86_64_PC32{{.*}} __wfp_image+0x4
// O0: call{{.*}} *[[REG]]
// GOT-NOT: GOTPC{{.*}}__wfp_image
int step(void);
void waits(void) {
  while (step())
    ;
}
