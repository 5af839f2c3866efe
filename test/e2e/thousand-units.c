// A program of 1,000 units of which one changed: an update of one function, applied, observed in all of them, reverted.  Another
// update changes all of them.
// RUN: rm -rf %t && mkdir -p %t/unit/old %t/unit/new
// RUN: for v in old new; do (cd %t/unit/$v && d= && if test $v = new; then d=-DNEW; fi && \
// RUN:   %wfclang -O2 -DUNIT $d -fplugin-arg-wfpatch-root=%t/unit/$v -c %s -o %t/unit/$v/unit0000.o) || exit 1; done
// RUN: python3 %root/test/e2e/Inputs/many-units.py %t/unit/old/unit0000.o 1000 %t/old unit0000_step unit0000_state
// RUN: python3 %root/test/e2e/Inputs/many-units.py %t/unit/new/unit0000.o 1000 %t/all unit0000_step unit0000_state
// RUN: cp -r %t/old %t/one && cp %t/all/unit0617.o %t/one
// RUN: %wfdiff %t/old %t/one -o %t/one.wfp | FileCheck %s --check-prefix=ONE
// RUN: %wfdiff %t/old %t/all -o %t/all.wfp | FileCheck %s --check-prefix=ALL
// ONE: unit0617.o:
// ONE-NEXT: replaced function unit0617_step
// ONE-NEXT: wfdiff: 1 replaced, 0 added, 0 removed functions, 0 new data, in 1 unit
// ALL: wfdiff: 1000 replaced, 0 added, 0 removed functions, 0 new data, in 1000 units
// RUN: for i in $(seq -w 0 999); do echo "F(unit0${i}_step)"; done > %t/names
// RUN: %wfclang -O1 -I%t -c %s -o %t/main.o && %clang -fuse-ld=lld %t/main.o %t/old/*.o -o %t/program %runtime
// RUN: %t/program %t/one.wfp %t/all.wfp
#ifdef UNIT
int unit0000_state;
int unit0000_step(int by) {
#ifdef NEW
  by *= 10;
#endif
  return unit0000_state += by;
}
#else
#include "Inputs/harness.h"

#define F(name) int name(int);
#include "names"
#undef F
static int (*const steps[])(int) = {
#define F(name) name,
#include "names"
};
enum { kUnits = sizeof(steps) / sizeof(steps[0]) };

int main(int argc, char **argv) {
  int state[kUnits] = {0};
  CHECK(argc == 3 && kUnits == 1000);
  for (int round = 0; round < 5; ++round) {
    if (round == 1 || round == 3)
      apply(argv[round == 3 ? 2 : 1]);
    for (int i = 0; i < kUnits; ++i)
      CHECK(steps[i](1) == (state[i] += round == 3 || (round == 1 && i == 617) ? 10 : 1));
    if (round == 1 || round == 3)
      revert();
  }
  return 0;
}
#endif
