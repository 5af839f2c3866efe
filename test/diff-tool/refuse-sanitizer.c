// Sanitizers whose run-time must know all code or data from the start, or does not bear libwfpatch: refused by name, once for
// the unit.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for s in address kernel-address hwaddress kernel-hwaddress memory kernel-memory thread dataflow kcfi; do \
// RUN:   %wfclang -O1 -fsanitize=$s -c unit.c -o old.o && %wfclang -O1 -fsanitize=$s -DNEW -c unit.c -o new.o && \
// RUN:   not %wfdiff old.o new.o -o u.wfp 2>&1 || exit; \
// RUN: done | FileCheck %s
// CHECK: wfdiff: refused: new.o: (unit): is compiled with -fsanitize=address, which learns of variables and constants only when the program starts; build OLD and NEW without it
// CHECK-NEXT: with -fsanitize=kernel-address, which learns of variables
// CHECK-NEXT: with -fsanitize=hwaddress, which learns of variables
// CHECK-NEXT: with -fsanitize=kernel-hwaddress, which learns of variables
// CHECK-NEXT: with -fsanitize=memory, which takes what libwfpatch writes for never written;
// CHECK-NEXT: with -fsanitize=kernel-memory, which takes what libwfpatch writes for never written;
// CHECK-NEXT: with -fsanitize=thread, which starts a thread of its own, which no update could ever settle with;
// CHECK-NEXT: with -fsanitize=dataflow, which must be told of all functions that are not instrumented, libwfpatch's too;
// CHECK-NEXT: with -fsanitize=kcfi, which traps at calls of functions that an update adds;
// CHECK-NOT: refused
// LLVM 19 does not know this one.
// RUN: %if llvm-22 %{ %wfclang -O1 -fsanitize=type -c %s -o %t/old.o && %wfclang -O1 -fsanitize=type -DNEW -c %s -o %t/new.o %}
// RUN: %if llvm-22 %{ not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck --check-prefix=TYPE %s %}
// TYPE: wfdiff: refused: {{.*}}new.o: (unit): is compiled with -fsanitize=type, which learns of variables
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
static int state;
int step(void) { return state += STEP; }
