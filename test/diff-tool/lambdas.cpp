// A lambda added in front renumbers the others: they are paired by content, not by number.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: llvm-readelf -sW %t/new.o | FileCheck %s --check-prefix=SYM
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// SYM: $_1
// CHECK: replaced function f()
// CHECK: 1 replaced, 1 added, 0 removed
// What NEW calls $_1 is what OLD calls $_0.
// DUMP-DAG: definition _ZZ1fvEN3$_18__invokeEi is _ZZ1fvEN3$_08__invokeEi
// DUMP-DAG: import _ZZ1fvEN3$_08__invokeEi function local
// DUMP-DAG: definition _ZZ1fvEN3$_08__invokeEi at
void set(int (*)(int));
extern int a, b;
void f() {
#ifdef NEW
  set([](int x) { return x / 3 + b; });
#endif
  set([](int x) { return x * 7 + a; });
}
