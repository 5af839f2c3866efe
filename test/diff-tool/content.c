// Anonymous read-only data is compared by content: a string, a floating-point constant, a jump table.  Each change is in
// the function that uses it, and in no other.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --explain | FileCheck %s
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -SWr %t/u.wfp | FileCheck %s --check-prefix=ELF
// CHECK-DAG: replaced function string: at +0x{{[0-9A-F]+}} string "old text" -> "new text"
// CHECK-DAG: replaced function pool: at +0x{{[0-9A-F]+}} constant .rodata.cst8+0x{{[0-9A-F]+}}: first difference
// CHECK-DAG: replaced function table: at +0x{{[0-9A-F]+}} constant .rodata.table+0x0:
// CHECK-NOT: unchanged
// CHECK: wfdiff: 3 replaced, 0 added, 0 removed functions, 0 new data, in 1 unit
// DUMP-DAG: function replaced string
// DUMP-DAG: function replaced pool
// DUMP-DAG: function replaced table
// DUMP-DAG: old-code unchanged_string size {{[0-9]+}} masks 0+5
// ELF-DAG: .text.string
// ELF-DAG: .rodata.table
// ELF-DAG: .eh_frame
// ELF-DAG: .wfpatch.manifest
// ELF: '.rela.rodata.table'
// ELF: R_X86_64_PC32 {{.*}} table +
#ifdef NEW
#define PICK(a, b) b
#else
#define PICK(a, b) a
#endif
extern int puts(const char *), a(void), b(void), c(void), d(void), e(void);
int string(void) { return puts(PICK("old text", "new text")); }
int unchanged_string(void) { return puts("old") + puts("the same"); }
double pool(double x) { return x * PICK(3.25, 3.5); }
double unchanged_pool(double x) { return x * 5.75; }
int table(int x) {
  switch (x) {
  case 0: return a();
  case 1: return b();
  case 2: return c();
  case 3: case PICK(6, 7): return d() + 1;
  case 4: case PICK(7, 6): return e() + 2;
  case 5: return a() + b();
  }
  return 0;
}
