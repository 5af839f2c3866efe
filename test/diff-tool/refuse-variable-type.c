// A variable that is something else in NEW, of the same size: its value would be read wrongly.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --keep handle --keep level --keep list --keep per_thread --keep get.last --keep wide
// CHECK: wfdiff: refused: {{.*}}new.o: get.last: type changed (i32 -> f32)
// CHECK: wfdiff: refused: {{.*}}new.o: handle: type changed (u64 -> ptr); the running program's value is of the old one: --keep handle if NEW can read it
// CHECK: wfdiff: refused: {{.*}}new.o: level: type changed (i32 -> f32)
// CHECK: wfdiff: refused: {{.*}}new.o: list: type changed (ptr to i32 -> ptr to f32)
// CHECK: wfdiff: refused: {{.*}}new.o: per_thread: type changed (i32 -> f32)
// CHECK: wfdiff: refused: {{.*}}new.o: wide: type changed (f64 -> i64)
#ifdef NEW
#define PICK(old, new) new
#else
#define PICK(old, new) old
#endif
static PICK(int, float) level;
static PICK(unsigned long, void *) handle;
PICK(double, long) wide[2];
static _Thread_local PICK(int, float) per_thread;
static PICK(int, float) *list;
static PICK(int, unsigned) same;
static PICK(char *, void *) bytes;
float get(void) {
  static PICK(int, float) last;
  last += 1;
  return level + last + per_thread + list[0] + same + (bytes == 0);
}
void *get_handle(void) { return (void *)handle; }
void set(float to, void *h) { level = to; handle = (PICK(unsigned long, void *))h; per_thread = to; list = h; same = 5; bytes = h; }
