// A class that gets another base: handlers and dynamic_casts of the running program compare addresses of its type information, which
// objects in flight point to.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: typeinfo for Thrown: run-time type information changed (
struct First {};
struct Second {};
#ifdef NEW
struct Thrown : Second {};
#else
struct Thrown : First {};
#endif
int fails(int value) {
  if (value > 3)
    throw Thrown();
  return value;
}
