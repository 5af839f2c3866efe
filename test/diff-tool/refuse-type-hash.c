// -fsanitize=function: callers through pointers look for a hash of the function's type in front of the entry, which is that of
// the running program.  It changes with the type; a function that only its own unit calls, by its name, may have another.
// RUN: mkdir -p %t && cp %s %t/unit.c && cd %t
// RUN: for with in -DEXTERN -DTAKEN -DCALLED; do \
// RUN:   %wfclang -O1 -fsanitize=function $with -c unit.c -o old.o && %wfclang -O1 -fsanitize=function $with -DNEW -c unit.c -o new.o && \
// RUN:   %wfdiff old.o new.o -o u.wfp 2>&1; \
// RUN: done | FileCheck %s
// CHECK: wfdiff: refused: new.o: step: has another type in NEW, of which callers through pointers look for a hash in front of its entry (-fsanitize=function), where the running program's stays: give the new one another name
// CHECK: wfdiff: refused: new.o: step: has another type in NEW, of which
// CHECK-NOT: refused
// CHECK: replaced function step
#ifdef NEW
typedef long number;
#else
typedef int number;
#endif
#ifdef EXTERN
#define LINKAGE
#else
#define LINKAGE static
#endif
LINKAGE __attribute__((noinline)) int step(number n) { return n + sizeof(number); }
#ifdef TAKEN
int (*pointer(void))(number) { return step; }
#endif
int use(int n) { return step(n); }
