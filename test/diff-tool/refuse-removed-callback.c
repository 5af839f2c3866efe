// A removed function whose address may be held goes on calling a local function that has another signature now.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: callback: is removed, but its address may still be held, and it leads to store, a local function that changed
// CHECK-NOT: refused: {{.*}}helper
extern int more(void);
extern void out(int), on_event(void (*)(int *));
#ifdef NEW
static __attribute__((noinline)) void store(int x) { out(x + 1); }
void f(int *x) { store(*x); }
#else
static __attribute__((noinline)) void store(int *x) { *x += 1; out(*x); }
static __attribute__((noinline)) void between(int *x) { while (more()) store(x); }
static void callback(int *x) { between(x); out(3); }
static __attribute__((noinline)) void helper(int *x) { store(x); out(4); }
void f(int *x) { on_event(callback); helper(x); store(x); }
#endif
