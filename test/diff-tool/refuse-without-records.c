// An object that the plugin has not seen: refused if anything in it changed, ignored if nothing did.
// RUN: mkdir -p %t && %clang -O2 -c %s -o %t/plain.o && %clang -O2 -DNEW -c %s -o %t/plain-new.o
// RUN: %wfclang -O2 -c %s -o %t/old.o && %clang -O2 -g -c %s -o %t/plain-debug.o
// RUN: not %wfdiff %t/plain.o %t/plain-new.o -o %t/u.wfp 2>&1 | FileCheck %s --check-prefixes=OLD,NEW
// RUN: not %wfdiff %t/old.o %t/plain-new.o -o %t/u.wfp 2>&1 | FileCheck %s --check-prefix=NEW
// RUN: %wfdiff %t/plain.o %t/plain-debug.o -o %t/u.wfp; test $? -eq 3
// RUN: test ! -e %t/u.wfp
// OLD: wfdiff: refused: {{.*}}plain-new.o: (unit): built without wfpatch (no .note.wfpatch); compile it with -fplugin=wfpatch.so
// NEW: wfdiff: refused: {{.*}}.o: (unit): built without wfpatch
#ifdef NEW
int f(void) { return 2; }
#else
int f(void) { return 1; }
#endif
