// A constant table of label addresses belongs to the function that it points into.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: llvm-readelf -rW %t/u.wfp | FileCheck %s --check-prefix=ELF
// CHECK: replaced function run
// CHECK: replaced constant run.labels
// CHECK: 1 replaced, 0 added, 0 removed
// ELF: '.rela{{.*}}run.labels'
// ELF-COUNT-3: R_X86_64_64 {{.*}} run +
// ELF: '.rela.eh_frame'
extern int step(void);
int run(const unsigned char *p) {
  static const void *const labels[] = {&&add, &&sub, &&stop};
  int x = 0;
  goto *labels[*p];
add:
#ifdef NEW
  x += step() + 1;
#else
  x += step();
#endif
  goto *labels[*++p];
sub:
  x -= step();
  goto *labels[*++p];
stop:
  return x;
}
