// A vtable that grows or is reordered: objects point to the old one.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: vtable for Grown: vtable changed ({{.*}}); objects of the running program point to the old one
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: vtable for Reordered: vtable changed
// CHECK-NOT: vtable for Same
struct Grown {
  virtual int a();
#ifdef NEW
  virtual int b();
#endif
};
struct Reordered {
#ifdef NEW
  virtual int b();
  virtual int a();
#else
  virtual int a();
  virtual int b();
#endif
};
struct Same { virtual int a(); };
int Grown::a() { return 1; }
#ifdef NEW
int Grown::b() { return 2; }
#endif
int Reordered::a() { return 3; }
int Reordered::b() { return 4; }
#ifdef NEW
int Same::a() { return 6; }
#else
int Same::a() { return 5; }
#endif
