// As refuse-layout-uses.c, what only C++ has: references, members by pointer, captures, exceptions.
// RUN: mkdir -p %t && %wfclangxx -O2 -c %s -o %t/old.o && %wfclangxx -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: Bound: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Captured: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Caught: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Iterated: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Member: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Referred: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: Returned: layout changed
#ifdef NEW
#define SWAPPED int b, a;
#else
#define SWAPPED int a, b;
#endif
struct Referred { SWAPPED };
int refer(const Referred &r) { return r.a; }
struct Member { SWAPPED };
int Member::*which() { return &Member::a; }
struct Returned { SWAPPED };
Returned give(int x) { Returned r; r.a = x; r.b = 2; return r; }
struct Bound { SWAPPED };
int bind(Bound *p) { auto &[x, y] = *p; return x; }
struct Caught { SWAPPED };
void may_throw();
int caught() { try { may_throw(); } catch (const Caught &c) { return c.a; } return 0; }
struct Iterated { SWAPPED };
Iterated *begin(int &);
Iterated *end(int &);
namespace n { struct Range { Iterated *begin() const, *end() const; }; }
int iterate(n::Range &range) { int sum = 0; for (Iterated &i : range) sum += i.a; return sum; }
struct Captured { SWAPPED };
void later(void (*)(void *), void *);
int capture(int x) {
  Captured c;
  c.a = x;
  auto run = [&] { return c.a; };
  later([](void *r) { (*static_cast<decltype(run) *>(r))(); }, &run);
  return 0;
}
