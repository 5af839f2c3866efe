// --explain says where the first difference is in the source, on both sides; of what has no such place, where it begins.
// RUN: mkdir -p %t && cd %t && %wfclangxx -O1 -g -c %s -o old.o && %wfclangxx -O1 -g -DNEW -c %s -o new.o
// RUN: %wfdiff old.o new.o -o u.wfp --explain | FileCheck %s
// The same with what a build may do to debug information.
// RUN: %wfclangxx -O1 -g -gz -gdwarf-4 -c %s -o old.o && %wfclangxx -O1 -g -gz -gdwarf-4 -DNEW -c %s -o new.o
// RUN: %wfdiff old.o new.o -o u.wfp --explain | FileCheck %s
// Without any, there are no lines, and all else is as before.
// RUN: %wfclangxx -O1 -c %s -o old.o && %wfclangxx -O1 -DNEW -c %s -o new.o
// RUN: %wfdiff old.o new.o -o u.wfp --explain | FileCheck %s --check-prefix=PLAIN --implicit-check-not='.cpp:'
// Broken debug information is no reason to fail.
// RUN: %wfclangxx -O1 -g -c %s -o old.o && %wfclangxx -O1 -g -DNEW -c %s -o new.o
// RUN: printf '\377\000noise' > noise && llvm-objcopy --update-section .debug_line=noise --remove-section .rela.debug_line new.o
// RUN: %wfdiff old.o new.o -o u.wfp --explain --strip-debug | FileCheck %s --check-prefix=BROKEN
#ifdef NEW
#define PICK(a, b) b
#else
#define PICK(a, b) a
#endif
extern int use(int), other(int);

// PLAIN: replaced function first(int): first difference at
// PLAIN-NEXT: OLD +0x{{[0-9a-f]+}}
// PLAIN-NEXT: NEW +0x{{[0-9a-f]+}}
// BROKEN: replaced function first(int): first difference at
// BROKEN-NEXT: OLD +0x{{.*}} ({{.*}}explain-lines.cpp:{{[0-9]+}})
// BROKEN-NEXT: NEW +0x{{[^(]*$}}
// CHECK: replaced function first(int): first difference at
// CHECK-NEXT: OLD +0x{{.*}} ({{.*}}explain-lines.cpp:[[#@LINE+4]])
// CHECK-NEXT: NEW +0x{{.*}} ({{.*}}explain-lines.cpp:[[#@LINE+3]])
int first(int x) {
  x += use(x);
  return x + PICK(7, 9);
}

#ifdef NEW
// This comment and the next line exist in NEW only: the line is another one in each.

#endif
// CHECK: replaced function second(int): at +0x{{.*}} use(int) -> other(int)
// CHECK-NEXT: OLD +0x{{.*}} ({{.*}}explain-lines.cpp:[[#@LINE+5]])
// CHECK-NEXT: NEW +0x{{.*}} ({{.*}}explain-lines.cpp:[[#@LINE+6]])
int second(int x) {
  x += use(x);
#ifndef NEW
  return use(x) + 1;
#else
  return other(x) + 1;
#endif
}

// Only the exception table differs: no instruction to show.
struct A { int value; };
struct B { int value; };
// CHECK: replaced function third(int): exception table:
// CHECK-NEXT: OLD ({{.*}}explain-lines.cpp:[[#@LINE+2]])
// CHECK-NEXT: NEW ({{.*}}explain-lines.cpp:[[#@LINE+1]])
int third(int x) {
  try {
    return use(x);
  } catch (PICK(A, B) &) {
    return -1;
  }
}

#ifdef NEW
// CHECK: added function fourth(int): only in NEW
// CHECK-NEXT: NEW ({{.*}}explain-lines.cpp:[[#@LINE+1]])
int fourth(int x) { return use(x) * 4; }
#else
// CHECK: removed function fifth(int): only in OLD
// CHECK-NEXT: OLD ({{.*}}explain-lines.cpp:[[#@LINE+1]])
int fifth(int x) { return use(x) * 5; }
#endif
