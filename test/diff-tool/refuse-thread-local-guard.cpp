// A thread-local that is initialised at its first use in NEW only: threads have values, which that would overwrite.
// RUN: mkdir -p %t && %wfclangxx -O0 -c %s -o %t/old.o && %wfclangxx -O0 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// RUN: %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: in_file: is initialised at its first use in NEW, which would overwrite the value that it has in each thread: --reinit _ZL7in_file if that is right
// CHECK: wfdiff: refused: {{.*}}new.o: Class::member: is initialised at its first use in NEW
// CHECK: wfdiff: refused: {{.*}}new.o: f()::local: is initialised at its first use in NEW, which would overwrite the running program's value
// CHECK: wfdiff: refused: {{.*}}new.o: global: is initialised at its first use in NEW
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --reinit in_file --reinit global --reinit Class::member --reinit 'f()::local' 2>&1 | FileCheck %s --check-prefix=REINIT --implicit-check-not=warning
// REINIT: replaced function f()
int compute();
#ifdef NEW
#define INITIAL = compute()
#else
#define INITIAL
#endif
struct Class {
  static thread_local int member;
};
thread_local int global INITIAL;
thread_local int Class::member INITIAL;
static thread_local int in_file INITIAL;
int f() {
  static thread_local int local INITIAL;
  return ++global + ++in_file + ++local + ++Class::member;
}
