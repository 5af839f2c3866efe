// A new class with virtual functions comes along with its vtable and type information; existing ones stay where they are.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK-DAG: replaced function make()
// CHECK-DAG: added function Derived::value()
// CHECK-DAG: added data vtable for Derived
// CHECK-DAG: added data typeinfo for Derived
// DUMP-DAG: import _ZTI4Base
// DUMP-DAG: import _ZN4Base5otherEv function
// DUMP-NOT: import _ZTV7Derived
struct Base {
  virtual int value();
  virtual int other();
};
int Base::value() { return 1; }
int Base::other() { return 2; }
#ifdef NEW
struct Derived : Base { int value() override { return 3; } };
Base *make() { return new Derived; }
#else
Base *make() { return new Base; }
#endif
