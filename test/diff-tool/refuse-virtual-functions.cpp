// Virtual functions that moved, in a unit that does not emit the table: its own code goes by place, and only the records tell.
// RUN: mkdir -p %t && %wfclangxx -std=c++20 -O2 -c %s -o %t/old.o && %wfclangxx -std=c++20 -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not='refused: {{.*}}Same'
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp --trust-type Called 2>&1 | FileCheck %s --check-prefix=TRUST
// CHECK-DAG: new.o: Called: layout changed: entries of its vtable, OLD | NEW: - | Called::b(); objects of it may live: --trust-type 'Called' if none do
// CHECK-DAG: new.o: Derived: layout changed: entries of its vtable, OLD | NEW: Derived::f() | Base::g(); - | Derived::f()
// CHECK-DAG: new.o: Base: layout changed: entries of its vtable, OLD | NEW: Base::f() | Base::g(); - | Base::f()
// CHECK-DAG: new.o: Second: layout changed: entries of its vtable, OLD | NEW: Second::d() | Second::c(); Second::c() | Second::d()
// CHECK-DAG: new.o: Two: layout changed: entries of its vtable, OLD | NEW: Second::d() | Second::c(); Second::c() | Second::d()
// CHECK-DAG: new.o: Virtual: layout changed: entries of its vtable, OLD | NEW: VBase::v() | Virtual::v();
// CHECK-DAG: new.o: Destroyed: layout changed: entries of its vtable, OLD | NEW: Destroyed::~Destroyed() | Destroyed::e();{{.*}} - | Destroyed::~Destroyed()
// CHECK-DAG: new.o: Covariant: layout changed: entries of its vtable, OLD | NEW: top -8 | Covariant::self(); Clone::self() | top -8; - | Covariant::self() this-8 result+8
// CHECK-DAG: new.o: ByReference: layout changed: entries of its vtable
// CHECK-DAG: new.o: ByCast: layout changed: entries of its vtable
// CHECK-DAG: new.o: ByMember: layout changed: entries of its vtable, OLD | NEW: ByMember::a() | ByMember::b(); - | ByMember::a()
// TRUST-NOT: refused: {{.*}}: Called:
// TRUST: refused:
#ifdef NEW
#define ADDED(...) __VA_ARGS__
#else
#define ADDED(...)
#endif
struct Called { virtual int a(); ADDED(virtual int b();) };
struct Base { ADDED(virtual int g();) virtual int f(); };
struct Derived : Base { int f() override; };
struct First { virtual int a(); };
#ifdef NEW
struct Second { virtual int c(); virtual int d(); };
#else
struct Second { virtual int d(); virtual int c(); };
#endif
struct Two : First, Second { int a() override; };
struct VBase { virtual int v(); };
struct Virtual : virtual VBase { virtual int w(); ADDED(int v() override;) };
struct Destroyed { ADDED(virtual int e();) virtual ~Destroyed(); };
struct Left { virtual Left *left(); };
struct Clone { virtual Clone *self(); };
struct Covariant : Left, Clone { ADDED(Covariant *self() override;) };
struct ByReference { virtual int a(); ADDED(virtual int b();) };
struct ByCast { virtual int a(); ADDED(virtual int b();) };
struct ByMember { ADDED(virtual int b();) virtual int a(); };
struct Declared;
struct Same { virtual int a(); virtual ~Same(); };
struct Holder { ByReference &r; };

int called(Called *c) { return c->a() + ADDED(c->b()) + 0; }
int derived(Derived *d) { return d->f(); }
int two(Two *t) { return t->c(); }
int through(Virtual *v) { return v->v(); }
void destroy(Destroyed *d) { delete d; }
Clone *covariant(Covariant &c) { return c.self(); }
int held(Holder &h) { return h.r.a(); }
int cast(void *p) { return static_cast<ByCast &>(*static_cast<ByCast *>(p)).a(); }
int (ByMember::*member())() { return &ByMember::a; }
Declared *passed(Declared *d) { return d; }
int same(Same *s) {
  int n = s->a();
  delete s;
  return n + ADDED(1) + 0;
}
