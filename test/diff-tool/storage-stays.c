// Statics that an optimiser would have made constant (table), split (pair) or shrunk to a bit (level) in OLD, used otherwise
// in NEW: the new code refers to the variables that OLD has.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// CHECK-DAG: replaced function write_table
// CHECK-DAG: replaced function set_pair
// CHECK-DAG: replaced function set_level
// CHECK: 3 replaced, 0 added, 0 removed functions, 0 new data
// DUMP-DAG: import table variable local
// DUMP-DAG: import pair variable local
// DUMP-DAG: import level variable local
static int table[4] = {1, 2, 3, 4};
static struct { int a, b, c; } pair;
static unsigned char level;
int read_table(unsigned i) { return table[i & 3]; }
void bump(void) { pair.a++; pair.c += 2; }
int get_a(void) { return pair.a; }
int get_level(void) { return level; }
#ifdef NEW
void write_table(unsigned i, int v) { table[i & 3] = v; }
void set_pair(int v) { pair.b = v; }
void set_level(int x) { level = x ? (x > 3 ? 10 : 9) : 0; }
#else
void write_table(unsigned i, int v) { (void)i; (void)v; }
void set_pair(int v) { (void)v; }
void set_level(int x) { level = x ? 9 : 0; }
#endif
