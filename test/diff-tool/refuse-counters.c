// Counters of what is executed, which a run-time finds in sections of the program: refused by name, once for the unit.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for flag in -fprofile-generate -fprofile-instr-generate --coverage -fsanitize-coverage=trace-pc-guard \
// RUN:     -fsanitize-coverage=inline-8bit-counters,pc-table -fsanitize-coverage=inline-bool-flag; do \
// RUN:   %wfclang -O1 $flag -c unit.c -o old.o && %wfclang -O1 $flag -DNEW -c unit.c -o new.o && \
// RUN:   not %wfdiff old.o new.o -o u.wfp 2>&1 || exit; \
// RUN: done | FileCheck %s
// CHECK: wfdiff: refused: new.o: (unit): is compiled with -fprofile-generate or -fprofile-instr-generate, whose counters are those of the program as it was built; build OLD and NEW without it
// CHECK-NEXT: with -fprofile-generate or -fprofile-instr-generate, whose counters
// CHECK-NEXT: with --coverage, whose counters
// CHECK-NEXT: with -fsanitize-coverage with guards, counters or flags, whose counters
// CHECK-NEXT: with -fsanitize-coverage with guards, counters or flags, whose counters
// CHECK-NEXT: with -fsanitize-coverage with guards, counters or flags, whose counters
// CHECK-NOT: refused
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
int state;
void step(int turns) {
  while (turns-- > 0)
    state += turns & 3 ? STEP : 1;
}
