// Two builds of one source: exit 3, and no file, also if debug information differs.
// RUN: mkdir -p %t && rm -f %t/u.wfp
// RUN: %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -g -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/old.o -o %t/u.wfp > %t/same; test $? -eq 3
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp > %t/debug; test $? -eq 3
// RUN: cat %t/same %t/debug | FileCheck %s
// RUN: test ! -e %t/u.wfp
// CHECK: wfdiff: no change
// CHECK: wfdiff: no change
#ifdef NEW
// A comment more.
#endif
int printf(const char *, ...);
static const char *const names[] = {"zero", "one", "two"};
static int calls;
int f(int x) {
  switch (x) {
  case 0: return printf("a");
  case 1: return printf("b") + calls;
  case 2: return printf("%s", names[calls]);
  case 3: return 77;
  case 4: return printf("%f", 3.5 * ++calls);
  case 5: return printf("c") * 2;
  }
  return 0;
}
