// Functions whose code others may patch, as they find in a table: refused by name if they changed.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for flag in "-fxray-instrument -fxray-instruction-threshold=1" -fpatchable-function-entry=5,2; do \
// RUN:   %wfclang -O1 $flag -c unit.c -o old.o && %wfclang -O1 $flag -DNEW -c unit.c -o new.o && \
// RUN:   not %wfdiff old.o new.o -o u.wfp 2>&1 || exit; \
// RUN: done | FileCheck %s
// CHECK: wfdiff: refused: new.o: step: changed, and -fxray-instrument lets others patch its code; build OLD and NEW without it
// CHECK-NEXT: wfdiff: refused: new.o: step: changed, and -fpatchable-function-entry=N,M lets others patch its code; build OLD and NEW without it
// CHECK-NOT: refused
// None that changed is among them.
// RUN: %wfclang -O1 -fxray-instrument -fxray-instruction-threshold=1 -DSTAYS='__attribute__((xray_never_instrument))' -c unit.c -o old.o
// RUN: %wfclang -O1 -fxray-instrument -fxray-instruction-threshold=1 -DSTAYS='__attribute__((xray_never_instrument))' -DNEW -c unit.c -o new.o
// RUN: %wfdiff old.o new.o -o u.wfp | FileCheck --check-prefix=OTHERS %s
// OTHERS: replaced function step
// OTHERS-NEXT: 1 replaced, 0 added
#ifndef STAYS
#define STAYS
#endif
int state;
STAYS void step(void) {
#ifdef NEW
  ++state;
#endif
  ++state;
}
void same(void) { --state; }
