// One lambda came and one changed, and nothing tells which is which; captures that differ would.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: class Z1giiE3$_0: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: f(int)::$_0: it cannot be told whether it has become one of f(int)::$_0, f(int)::$_1, or
// CHECK: wfdiff: refused: {{.*}}new.o: swapped()::$_1: it cannot be told whether it has become one of swapped()::$_0, or is gone and these are new: change them in two updates, or --trust-type "swapped()::$_1" if none
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --trust-type 'f(int)::$_0' --trust-type 'class Z1giiE3$_0' --trust-type 'swapped()::$_1' | FileCheck %s --check-prefix=TRUSTED
// TRUSTED: added function f(int)::$_0::__invoke(int)
// TRUSTED: added function f(int)::$_1::__invoke(int)
// TRUSTED: removed function f(int)::$_0::__invoke(int)
#include <functional>
void set(int (*)(int));
void keep(std::function<int()>);
void f(int) {
#ifdef NEW
  set([](int x) { return x / 3; });
  set([](int x) { return x * 8; });
#else
  set([](int x) { return x * 7; });
#endif
}
// What is captured by one and not by the other tells them apart.
void told(int a, int b) {
#ifdef NEW
  keep([b] { return b / 3; });
  keep([a] { return a * 8; });
#else
  keep([a] { return a * 7; });
#endif
}
// One that captures more.
void g(int a, int b) {
#ifdef NEW
  keep([a, b] { return a * 8 + b; });
#else
  keep([a] { return a * 7; });
#endif
}
// One that is the same, between one that is gone and one that is new: or they are one, which moved and changed.
void swapped() {
#ifdef NEW
  set([](int x) { return x * 5 - 3; });
  set([](int x) { return x * 11; });
#else
  set([](int x) { return x * 11; });
  set([](int x) { return x * 5; });
#endif
}
