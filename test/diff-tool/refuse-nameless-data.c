// Data that only inline or module-level assembly knows: without a name, or with one that has no record, the running program's cannot
// be found.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// RUN: %wfclang -O2 -DOTHER -c %s -o %t/other.o && %wfdiff %t/old.o %t/other.o -o %t/u.wfp
// CHECK: wfdiff: refused: {{.*}}new.o: .data.slow+0x0: is writable data without a name; it cannot be told which data of the program it is
// CHECK: wfdiff: refused: {{.*}}new.o: total: is used by counts, but has no record by which the running program's could be found
#ifdef NEW
#define VALUE 2
#else
#define VALUE 1
#endif
int nameless(int x) {
  __asm__ volatile("incl 1f(%%rip)\n.pushsection .data.slow,\"aw\"\n1: .long 0\n.popsection" ::: "memory", "cc");
  return x + VALUE;
}
__asm__(".pushsection .bss.total,\"aw\",@nobits\n.type total, @object\n.size total, 4\ntotal: .zero 4\n.popsection");
extern int total __attribute__((visibility("hidden")));
int counts(int x) { return total += x * VALUE; }
int same(void) { return 0; }
#ifdef OTHER
int other(void) { return 1; } // none of this matters to a change elsewhere
#else
int other(void) { return 0; }
#endif
