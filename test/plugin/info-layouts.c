// Layouts in C: types that the object's code uses and what they contain, nameless ones by where they are; not those that
// headers merely declare, nor the system's.
// RUN: %wfclang -fplugin-arg-wfpatch-root=%S -O2 -c %s -o %t.o && %info %t.o | FileCheck %s
// RUN: %wfclang -fplugin-arg-wfpatch-root=%S -O0 -g -c %s -o %t.o && %info %t.o | FileCheck %s
// RUN: %info %t.o | FileCheck --check-prefix=NOT %s
// NOT-NOT: tag:unused
// NOT-NOT: tag:only_pointed_to
// NOT-NOT: layout tag:stat {{.*}}
// CHECK: layout var:global struct size=16
// CHECK-NEXT:   field inner offset=0 bits=64 type=record:tag:named_inside
// CHECK: layout tag:named_inside struct size=8
// CHECK: layout tag:node::(anon 0) union size=8 align=8 escapes at info-layouts.c:[[#@LINE+36]]
// CHECK-NEXT:   field i offset=0 bits=32 type=i32
// CHECK-NEXT:   field d offset=0 bits=64 type=f64
// CHECK-NEXT: layout tag:node struct size=64 align=16 escapes at info-layouts.c:[[#@LINE+29]]
// CHECK-NEXT:   field next offset=0 bits=64 type=ptr to=record:tag:node
// CHECK-NEXT:   field state offset=64 bits=32 type=i32
// CHECK-NEXT:   field a offset=96 bits=3 type=u32
// CHECK-NEXT:   field b offset=99 bits=5 type=u32
// CHECK-NEXT:   field u offset=128 bits=64 type=record:tag:node::(anon 0)
// CHECK-NEXT:   field in offset=192 bits=56 type=record:tag:node::(anon 1)
// CHECK-NEXT:   field p offset=256 bits=64 type=record:typedef:point
// CHECK-NEXT:   field ld offset=384 bits=128 type=f80
// CHECK-NEXT:   field tail offset=512 bits=0 type=array:0:i16
// CHECK-NEXT: layout tag:node::(anon 1) struct size=7
// CHECK-NEXT:   field c offset=0 bits=56 type=array:7:i8
// CHECK-NEXT: layout typedef:point struct size=8
// CHECK: layout tag:contained struct size=8 align=4 stays in use
// CHECK: layout tag:address_taken struct size=4 align=4 escapes
// CHECK: layout tag:buffer struct size=8 align=1 escapes
// CHECK: layout func:use::tag:scoped struct size=4
// CHECK: enum tag:state size=4 IDLE=0 BUSY=5 NEGATIVE=-1
// CHECK: enum enum:FIRST_ONE size=4 FIRST_ONE=3
// CHECK: variable buffers type=array:4:ptr to=ptr:i8
// CHECK-NEXT: variable global type=record:var:global
// CHECK-NEXT: variable names type=array:2:ptr to=i8
// CHECK-NEXT: variable use.calls type=i64
// NOT-NOT: use.twice
#include <stdio.h>
#include <sys/stat.h>
enum state { IDLE, BUSY = 5, NEGATIVE = -1 };
typedef struct { int x, y; } point;
struct
node { // the line of the name counts
  struct node *next;
  enum state state;
  unsigned a : 3, b : 5;
  union
  { int i; double d; } u;
  struct { char c[7]; } in;
  point p;
  long double ld;
  short tail[];
};
static struct { struct named_inside { int x, y; } inner; long l; } global;
struct unused { int x; };
struct only_pointed_to { int x; };
struct contained { int a, b; };
struct address_taken { int a; };
struct buffer { char bytes[8]; };
void sink(void *);
char **buffers[4];
enum { FIRST_ONE = 3 };
int use(struct node *n, struct only_pointed_to *o, const char *path) {
  int sum = n->u.i + global.inner.x + (n->state == BUSY);
  struct contained c;
  c.a = sum;
  c.b = c.a++ + 1;
  struct address_taken t = {1};
  sink(&t.a);
  struct buffer b;
  sink(b.bytes);
  struct scoped { int z; } s = {3};
  sink(&s);
  struct stat st;
  sum += stat(path, &st) + (int)st.st_size;
  sink(o);
  static long calls;
  sum += ++calls;
  { static int twice; sum += ++twice; }
  { static char twice; sum += ++twice; }
  return sum + c.b + FIRST_ONE;
}
static inline int unused_function(struct unused *u) { return u->x; }
extern const char *names[];
extern const char *names[];
const char *names[] = {"the definition", "knows the length"};
