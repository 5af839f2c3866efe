// A writable table of labels: the program may still jump through it, into the old body.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: run.labels: is writable and holds the address of a label in run, which changed
extern int step(void);
int run(const unsigned char *p) {
  static const void *labels[] = {&&add, &&stop};
  int x = 0;
  if (p[0] == 9)
    labels[1] = labels[0];
  goto *labels[*p];
add:
#ifdef NEW
  x += step() + 1;
#else
  x += step();
#endif
  goto *labels[*++p];
stop:
  return x;
}
