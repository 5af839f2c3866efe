// A type whose layout changed, with the fields of both sides; every object may be of the old layout.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --trust-type 'struct conn' --trust-type 'struct swapped' 2>&1 | FileCheck %s --check-prefix=TRUST
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK: wfdiff: refused: {{.*}}new.o: struct conn: layout changed: size 16 -> 24, fields in bytes, OLD | NEW: next ptr @8 | next ptr @16; - | flags i32 @8; objects of it may live: --trust-type 'struct conn' if none do
// CHECK: wfdiff: refused: {{.*}}new.o: struct swapped: layout changed: fields in bytes, OLD | NEW: a i32 @0 | a i32 @4; b i32 @4 | b i32 @0
// CHECK-NOT: struct automatic
// CHECK-NOT: struct renamed
// TRUST: wfdiff: warning: {{.*}}new.o: enum color: GREEN has the value that BLUE had, BLUE changed from 1 to 2; values
// DUMP: remark trusted-type struct conn
// DUMP: remark note enum color: GREEN has
struct conn {
  int fd, state;
#ifdef NEW
  int flags;
#endif
  struct conn *next;
};
// The code of get_sum is the same, but an object of the old layout may be on some stack.
struct swapped {
#ifdef NEW
  int b, a;
#else
  int a, b;
#endif
};
struct renamed {
#ifdef NEW
  int new_name;
#else
  int old_name;
#endif
};
struct automatic {
  int x, y;
#ifdef NEW
  int z;
#endif
};
#ifdef NEW
enum color { RED, GREEN, BLUE };
#else
enum color { RED, BLUE };
#endif
extern struct conn *first;
extern struct swapped *swapped;
extern struct renamed *renamed;
extern enum color color;
int get_state(void) { return first->state + first->next->fd + color; }
int get_sum(void) { return swapped->a + swapped->b; }
int get_renamed(void) { return *(int *)renamed; }
int square(int v) {
  struct automatic l = {v, v + 1};
#ifdef NEW
  l.z = 5;
  return l.x * l.y + l.z;
#else
  return l.x * l.y;
#endif
}
