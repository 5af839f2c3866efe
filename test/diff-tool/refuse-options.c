// Options that alter how code of two builds fits together are refused by name; others are said, and kept in the update.
// RUN: mkdir -p %t && %wfclang -O2 -fPIC -c %s -o %t/old.o
// RUN: %wfclang -O2 -fPIC -fcf-protection=branch -fshort-enums -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfclang -O2 -fPIC -fstack-protector-strong -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --check-prefix=NOTE
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: (unit): compiler option cf-protection changed: "none" -> "branch"; build NEW with OLD's options
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: (unit): compiler option short-enums changed: false -> true
// NOTE: wfdiff: warning: {{.*}}new.o: (unit): compiler option stack-protector changed: "none" -> "strong"
// DUMP: remark note (unit): compiler option stack-protector changed: "none" -> "strong"
#ifdef NEW
int f(int x) { return x + 2; }
#else
int f(int x) { return x + 1; }
#endif
