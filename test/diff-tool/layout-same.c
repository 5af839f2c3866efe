// What is no change of a layout: names, signs, the tag of a nested type, what a pointer to void or bytes leads to, another
// typedef; and a type of which every object is an automatic variable that stays where it is.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: replaced function value
// CHECK: 1 replaced, 0 added, 0 removed
#ifdef NEW
enum phase { IDLE };
struct record {
  unsigned length;
  struct inner { int x, y; } in;
  unsigned char name[4];
  enum phase phase;
  struct record *next;
  void *data;
  _Atomic int count;
  int (*call)(int, int);
};
struct entry_new { long key; struct entry_new *next; };
struct entry_new *head;
struct automatic { long b, a, c; };
#define LESS 2
#else
struct record {
  int len;
  struct { int x, y; } in;
  char name[4];
  unsigned phase;
  struct record *next;
  char *data;
  int count;
  int (*call)(int);
};
struct entry { long k; struct entry *next; };
struct entry *head;
struct automatic { int a, b; };
#define LESS 1
#endif
int value(struct record *r, int x) {
  struct automatic l, copy;
  l.a = x;
  l.b = 7;
  copy = l;
  return r->in.y + r->name[0] + r->phase + r->count + (int)*(long *)head + copy.a * copy.b + (r->next != 0) - LESS;
}
