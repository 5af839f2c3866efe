// Where the update goes: into the file that a link leads to; a device or a pipe is written to, and stays what it is.
// RUN: rm -rf %t && mkdir -p %t/far && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp
// RUN: ln -s far/u.wfp %t/link.wfp && touch %t/far/u.wfp
// RUN: %wfdiff %t/old.o %t/new.o -o %t/link.wfp && test -L %t/link.wfp && cmp %t/u.wfp %t/far/u.wfp
// RUN: mkfifo %t/pipe && (cat %t/pipe > %t/piped.wfp & %wfdiff %t/old.o %t/new.o -o %t/pipe && wait) && test -p %t/pipe && cmp %t/u.wfp %t/piped.wfp
// RUN: %wfdiff %t/old.o %t/new.o -o /dev/null && test -c /dev/null
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/far 2>&1 | FileCheck %s
// CHECK: wfdiff: {{.*}}/far: {{[Ii]}}s a directory
#ifdef NEW
int f(int x) { return x + 2; }
#else
int f(int x) { return x + 1; }
#endif
