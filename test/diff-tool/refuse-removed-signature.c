// A removed function whose address may be held: the running program would call it with arguments of today, by a pointer type that has
// become another; or it would call a function that takes other arguments now.
// RUN: mkdir -p %t/old %t/new && %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: not %wfdiff %t/old %t/new -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}unit.o: callback: is removed, but its address may still be held, and it leads to store, whose signature changed
// Nor does a pointer to a removed function fit callers whose type of function pointer is another now.
// RUN: mkdir -p %t/old-type %t/new-type && %wfclang -O2 -DTYPE -c %s -o %t/old-type/unit.o && %wfclang -O2 -DTYPE -DNEW -c %s -o %t/new-type/unit.o
// RUN: not %wfdiff %t/old-type %t/new-type -o %t/u.wfp 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: wfdiff: refused: {{.*}}unit.o: callback: is removed, but its address may still be held, and a function pointer of its type, i32(ptr:i32), has another type in NEW
#ifndef TYPE
extern void on_event(void (*)(int *)), out(int);
#ifdef NEW
__attribute__((noinline)) void store(int value, int more) { out(value + more); }
void begin(int *value) { store(*value, 1); }
#else
__attribute__((noinline)) void store(int *value) { out(*value); }
static void callback(int *value) {
  store(value);
  out(3);
}
void begin(int *value) {
  on_event(callback);
  store(value);
}
#endif
#else
#ifdef NEW
typedef int callback_type(long, int *);
#else
typedef int callback_type(int *);
static int callback(int *value) { return *value; }
#endif
callback_type *held;
void begin(void) {
#ifndef NEW
  held = callback;
#endif
}
int call(int *value) {
#ifdef NEW
  return held(1, value);
#else
  return held(value);
#endif
}
#endif
