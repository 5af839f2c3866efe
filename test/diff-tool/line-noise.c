// Lines inserted above asserts change numbers in the code, and nothing else: with and without debug information.
// RUN: rm -rf %t && split-file %s %t && cd %t && mkdir old new
// RUN: for g in '' -g; do %wfclang -O2 $g -c old.c -o old/x.o && %wfclang -O2 $g -c new.c -o new/x.o || exit 1; \
// RUN:   %wfdiff old/x.o new/x.o -o u.wfp --explain || exit 1; done > out
// RUN: cat out | FileCheck %s
// RUN: sed '2i // A comment,\n// of some\n// lines.' old.c > moved.c
// RUN: %wfclang -O2 -c moved.c -o new/y.o && %wfclang -O2 -c old.c -o old/y.o
// RUN: (%wfdiff old/y.o new/y.o -o v.wfp; test $? -eq 3) | FileCheck %s --check-prefix=SAME
// Also where a macro makes a string of file and line, and keeps its address.
// RUN: mkdir old2 new2 && cp place.c other.c old2
// RUN: sed -e '1i // A comment.' -e 's/x + 4/x + 5/' place.c > new2/place.c && sed 's/:12/:13/' other.c > new2/other.c
// RUN: for f in old2/place old2/other new2/place new2/other; do %wfclang -O2 -c $f.c -o $f.o || exit 1; done
// RUN: %wfdiff old2/place.o new2/place.o -o p.wfp | FileCheck %s --check-prefix=PLACE
// RUN: %wfdiff old2/other.o new2/other.o -o q.wfp | FileCheck %s --check-prefix=OTHER
// PLACE: replaced function changed
// PLACE-NOT: checks
// PLACE: wfdiff: 1 replaced, 0 added, 0 removed
// OTHER: replaced function says
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
//--- place.c
struct place { const char *where, *what; };
extern void failed(const struct place *) __attribute__((noreturn));
#define STRING(x) #x
#define EXPANDED(x) STRING(x)
#define CHECK(x) do { static const struct place here = {"src/place.c:" EXPANDED(__LINE__), #x}; if (!(x)) failed(&here); } while (0)
int checks(int x) {
  CHECK(x > 3);
  return x;
}
int changed(int x) {
  CHECK(x > 4);
  return x + 4;
}
//--- other.c
const char *says(void) { return "place.c:12"; }
