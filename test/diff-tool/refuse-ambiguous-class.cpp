// Several classes of one name in one function: where nothing tells which of NEW's is which of OLD's, state that goes by the class and
// objects that live would get another one's code.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: int count<tags(int)::Tag>()::n: is gone, and _Z4tagsi, which used it, uses the new
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: int count<tags(int)::Tag>()::n: is gone, and _Z4tagsi, which used it, uses the new
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: moved(int)::S#2: it cannot be told whether it has become one of moved(int)::S, or
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: tags(int)::Tag: it cannot be told whether it has become one of tags(int)::Tag, tags(int)::Tag#2, tags(int)::Tag#3, or
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: tags(int)::Tag#2: it cannot be told whether it has become one of tags(int)::Tag, tags(int)::Tag#2, tags(int)::Tag#3, or
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: typeinfo name for in_front(int)::S: is of a new class that has the number of another class in OLD
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: typeinfo name for moved(int)::S: is of a new class that has the number of another class in OLD
template <class T> __attribute__((noinline)) int count() {
  static int n;
  return ++n;
}
// Equal code, each with state of its own.
int tags(int which) {
#ifdef NEW
  if (which == 3) {
    struct Tag {};
    return count<Tag>() + 1000;
  }
#endif
  if (which == 1) {
    struct Tag {};
    return count<Tag>();
  }
  struct Tag {};
  return count<Tag>() + 10;
}
struct Base {
  virtual int get(int) = 0;
  virtual ~Base() {}
};
// It can be told which is which, but not by the C++ run-time.
Base *in_front(int which) {
#ifdef NEW
  if (which == 3) {
    struct S : Base {
      int get(int x) override { return x - 5; }
    };
    return new S;
  }
#endif
  if (which == 1) {
    struct S : Base {
      int n = 0;
      int get(int x) override { return n++ + x; }
    };
    return new S;
  }
  struct S : Base {
    int n = 0;
    int get(int x) override { return n++ * 3 + x; }
  };
  return new S;
}
// One changed and in front of the other now, or gone and a new one come: of as many.
#define FIRST()                                                                                                        \
  struct S : Base {                                                                                                    \
    int n = 0;                                                                                                         \
    int get(int x) override { return n++ + x; }                                                                        \
  };                                                                                                                   \
  return new S;
#define SECOND(MORE)                                                                                                   \
  struct S : Base {                                                                                                    \
    int n = 0;                                                                                                         \
    int get(int x) override { return n++ * 3 + x + MORE; }                                                             \
  };                                                                                                                   \
  return new S;
Base *moved(int which) {
#ifdef NEW
  if (which == 2) {
    SECOND(5)
  }
  FIRST()
#else
  if (which == 1) {
    FIRST()
  }
  SECOND(0)
#endif
}
