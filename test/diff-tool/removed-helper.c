// A removed function is affected: it may be on a stack, and it calls a function that has another signature now.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK: removed function helper
// CHECK: 2 replaced, 0 added, 1 removed
// DUMP-DAG: function replaced f
// DUMP-DAG: function replaced g local
// DUMP-DAG: function removed helper local
// DUMP-DAG: old-code helper
extern int more(void);
extern void out(int);
#ifdef NEW
static __attribute__((noinline)) void g(int x) { out(x + 1); }
void f(int *x) { out(*x); while (more()) g(*x); }
#else
static __attribute__((noinline)) void g(int *x) { *x += 1; out(*x); }
static __attribute__((noinline)) void helper(int *x) { while (more()) g(x); }
void f(int *x) { out(*x); helper(x); }
#endif
