// Ways in which code depends on a layout, one type each: no other use in the unit tells of it.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: enum wide: size changed from 4 to 8 bytes; objects of it may live: --trust-type 'enum wide' if none do
// CHECK: wfdiff: refused: {{.*}}new.o: is_wide: signature changed from i32(ptr:u32,i32) to i32(ptr:u64,i32), and other objects may call it: give whole build directories
// CHECK: wfdiff: refused: {{.*}}new.o: struct aligned: layout changed: size 4 -> 64, alignment 4 -> 64
// CHECK: wfdiff: refused: {{.*}}new.o: struct bits: layout changed: {{.*}}b u32:6 @0.3 | b u32:5 @0.3; c u32:7 @1.1 | c u32:8 @1
// CHECK: wfdiff: refused: {{.*}}new.o: struct flexible: layout changed: size 8 -> 4, {{.*}}d array:4:i8 @4 | d array:0:i8 @4
// CHECK: wfdiff: refused: {{.*}}new.o: struct in_array: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct initialised: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct literal: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct loaded: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct measured: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct nested: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct nests: layout changed: size 8 -> 12
// CHECK: wfdiff: refused: {{.*}}new.o: struct old_name -> struct new_name: layout changed: size 16 -> 24, {{.*}} - | extra i32 @16; objects of it may live: --trust-type 'struct new_name' if none do
// CHECK: wfdiff: refused: {{.*}}new.o: struct packed: layout changed: size 8 -> 5, alignment 4 -> 1
// CHECK: wfdiff: refused: {{.*}}new.o: struct points: layout changed: {{.*}}items ptr to i32 | items ptr to i64
// CHECK: wfdiff: refused: {{.*}}new.o: struct returned: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct stepped: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: struct stored: layout changed
// CHECK: wfdiff: refused: {{.*}}new.o: tagged -> struct tagged: layout changed: size 4 -> 16, {{.*}} - | next ptr @8; objects of it may live: --trust-type 'struct tagged' if none do
// CHECK: wfdiff: refused: {{.*}}new.o: union choice: layout changed: {{.*}} - | c array:4:i8 @0
#ifdef NEW
#define SWAPPED int b, a;
#define PICK(old, new) new
#else
#define SWAPPED int a, b;
#define PICK(old, new) old
#endif
// Every object is somewhere behind a pointer.
struct stored { SWAPPED };
void store(struct stored *p, int x) { struct stored s; s.a = x; s.b = 2; *p = s; }
struct loaded { SWAPPED };
int load(struct loaded *p) { struct loaded s = *p; return s.a; }
struct returned { SWAPPED };
struct returned give(int x) { struct returned s; s.a = x; s.b = 2; return s; }
struct stepped { int a PICK(, ; long b); };
void *step(struct stepped *p) { return p + 1; }
struct in_array { int a PICK(, ; long b); };
void *element(struct in_array p[], int i) { return &p[i]; }
struct measured { int a PICK(, ; long b); };
unsigned long measure(void) { return sizeof(struct measured); }
// Only an initial value has them.
struct literal { SWAPPED };
const void *const literal = &(const struct literal){.a = 1, .b = 1};
struct initialised { SWAPPED };
struct initialised initialised = {.a = 1, .b = 1};
// What can be changed of a type.
struct flexible { int n; char d[PICK(4, )]; };
union choice { int i; float f; PICK(, char c[4];) };
struct bits { unsigned a : 3, b : PICK(6, 5), c : PICK(7, 8); };
struct PICK(, __attribute__((packed))) packed { char c; int i; };
struct PICK(, __attribute__((aligned(64)))) aligned { int i; };
enum wide { W0, W1 PICK(, = 0x100000000) };
struct nested { int x; PICK(, int y;) };
struct nests { struct nested in; int z; };
struct points { PICK(int, long) *items; };
PICK(typedef struct { int a; } tagged, typedef struct tagged { int a; struct tagged *next; } tagged);
struct PICK(old_name, new_name) { long key; struct PICK(old_name, new_name) *next; PICK(, int extra;) };
struct PICK(old_name, new_name) *head;
int use(struct flexible *f, union choice *c, struct bits *b, struct packed *p, struct aligned *a, struct nests *n,
        struct points *q, tagged *t) {
  return f->n + c->i + b->b + p->i + a->i + n->z + q->items[0] + t->a + head->key;
}
int is_wide(enum wide *p, int i) { return p[i] == W0; }
