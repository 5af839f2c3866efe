// Lines inserted above asserts change numbers in the code, and nothing else: with and without debug information.
// RUN: rm -rf %t && split-file %s %t && cd %t && mkdir old new
// RUN: for g in '' -g; do %wfclang -O2 $g -c old.c -o old/x.o && %wfclang -O2 $g -c new.c -o new/x.o || exit 1; \
// RUN:   %wfdiff old/x.o new/x.o -o u.wfp --explain || exit 1; done > out
// RUN: cat out | FileCheck %s
// RUN: %wfclang -O2 -c moved.c -o new/y.o && %wfclang -O2 -c old.c -o old/y.o
// RUN: (%wfdiff old/y.o new/y.o -o v.wfp; test $? -eq 3) | FileCheck %s --check-prefix=SAME
// CHECK: replaced function changed: first difference
// CHECK-NEXT: OLD {{.*}} $4
// CHECK-NEXT: NEW {{.*}} $5
// CHECK: added function fresh
// CHECK: wfdiff: 1 replaced, 1 added, 0 removed
// CHECK: replaced function changed: first difference
// CHECK: wfdiff: 1 replaced, 1 added, 0 removed
// SAME: wfdiff: no change
//--- old.c
extern void failed(const char *, int) __attribute__((noreturn));
#define CHECK(x) ((x) ? (void)0 : failed(#x, __LINE__))
int asserts(int x) {
  CHECK(x > 3);
  CHECK(x <
        100);
  return x;
}
int changed(int x) {
  CHECK(x > 4);
  return x + 4;
}
//--- new.c
extern void failed(const char *, int) __attribute__((noreturn));
#define CHECK(x) ((x) ? (void)0 : failed(#x, __LINE__))
int fresh(int x) {
  CHECK(x != 9);
  return x;
}
int asserts(int x) {
  CHECK(x > 3);
  CHECK(x <
        100);
  return x;
}
int changed(int x) {
  CHECK(x > 4);
  return x + 5;
}
//--- moved.c
extern void failed(const char *, int) __attribute__((noreturn));
// A comment,
// of some
// lines.
#define CHECK(x) ((x) ? (void)0 : failed(#x, __LINE__))
int asserts(int x) {
  CHECK(x > 3);
  CHECK(x <
        100);
  return x;
}
int changed(int x) {
  CHECK(x > 4);
  return x + 4;
}
