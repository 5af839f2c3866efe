// An inline function in two units: each copy is replaced, and carries the digests of all different old copies, since the
// linker kept an arbitrary one.  Its static local stays the image's.
// RUN: rm -rf %t && split-file %s %t && mkdir %t/old %t/new
// RUN: cd %t && for v in old new; do for f in a b; do %wfclangxx -O2 -I$v-h -c $f.cpp -o $v/$f.o || exit 1; done; done
// RUN: %wfclangxx -Os -fno-omit-frame-pointer -I%t/old-h -c %t/b.cpp -o %t/old/b.o && %wfclangxx -Os -fno-omit-frame-pointer -I%t/new-h -c %t/b.cpp -o %t/new/b.o
// RUN: %wfdiff %t/old %t/new -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK: a.o:
// CHECK: replaced function count(int)
// CHECK: b.o:
// CHECK: replaced function count(int)
// DUMP-DAG: function replaced count(int) unit 0 comdat copies 2
// DUMP-DAG: function replaced count(int) unit 1 comdat copies 2
// DUMP-DAG: import _ZZ5countiE1n variable
//--- old-h/h.h
void mark(int);
inline __attribute__((noinline)) long count(int x) { static long n; for (int i = 0; i < x; ++i) mark(i); return n += x; }
//--- new-h/h.h
void mark(int);
inline __attribute__((noinline)) long count(int x) { static long n; for (int i = 0; i < x; ++i) mark(i); return n += x + 1; }
//--- a.cpp
#include "h.h"
long a(int x) { return count(x); }
//--- b.cpp
#include "h.h"
long b(int x) { return count(x) * 2; }
