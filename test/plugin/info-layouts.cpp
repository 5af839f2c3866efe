// Layouts in C++: mangled names as keys; bases, virtual tables, members of templates, closures; instantiations in system
// headers bring the program's own types along.
// RUN: %wfclangxx -std=c++20 -O2 -c %s -o %t.o && %info %t.o | FileCheck %s
// CHECK-DAG: layout N2ns1DE class size=72 align=8 escapes
// CHECK-DAG: field (base ns::Base) offset=0 bits=96 type=record:N2ns4BaseE
// CHECK-DAG: field (base ns::VBase) offset=512 bits=32 type=record:N2ns5VBaseE
// CHECK-DAG: field text offset=128 bits=256 type=record:N{{.*}}basic_string
// CHECK-DAG: field nameless offset=384 bits=32 type=record:N2ns1DE::(anon 0)
// CHECK-DAG: field e offset=416 bits=8 type=i8
// CHECK-DAG: field member offset=448 bits=64 type=memptr
// CHECK-DAG: layout N2ns4BaseE struct size=16
// CHECK-DAG: field (vptr) offset=0 bits=64 type=ptr
// CHECK-DAG: vtable _ZN2ns4BaseD0Ev
// CHECK-DAG: vtable _ZN2ns1DD1Ev
// CHECK-DAG: vtable vbase 64
// CHECK-DAG: layout N2ns5VBaseE struct size=4
// CHECK-DAG: layout N2ns8TemplateI4ItemEE struct size=16
// CHECK-DAG: layout 4Item struct size=16
// CHECK-DAG: layout ZN2ns1D1fEvE{{.*}} class size=32
// CHECK-DAG: layout 5Local struct size=8 align=4 stays in _ZN2ns1D1fEv
// CHECK-DAG: enum N2ns1D1EE size=1 A=0 B=1
// CHECK-DAG: line _ZZN2ns1D1fEvENK{{.*}}clEi #0 = 4711
// CHECK-DAG: line _ZN2ns1D1fEv #0 = 4712
#include <string>
#include <vector>
namespace ns {
struct Base { virtual ~Base(); int b; };
struct VBase { int v; };
class D : public Base, virtual VBase {
public:
  std::string text;
  int f();
  struct { int k; } nameless;
  enum class E : char { A, B } e;
  int D::*member;
};
template <class T> struct Template { T t; };
}
struct Item { int a; long b; };
struct Local { int a, b; };
int ns::D::f() {
  Local local;
  local.a = 1;
  local.b = local.a;
  Template<Item> t{};
  std::vector<Item> v;
  v.push_back(t.t);
#line 4711
  auto closure = [v, this](int i) { return v[i].a + (int)e + __LINE__; };
  return closure(4) + local.b + __LINE__;
}
