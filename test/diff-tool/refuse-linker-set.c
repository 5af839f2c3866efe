// A section that the program walks by the linker's __start_ and __stop_ symbols: what is new, changed or gone there would not be seen.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK-DAG: refused: {{.*}}new.o: entry_b: is new in section commands, which the program walks (__start_commands): it would not see that
// CHECK-DAG: refused: {{.*}}new.o: entry_a: changed ({{.*}}) in section commands
// CHECK-DAG: refused: {{.*}}new.o: entry_old: is gone from section commands
// A section of a name of its own that nobody walks is like any other.
// RUN: %wfclang -O2 -DUNWALKED -c %s -o %t/old2.o && %wfclang -O2 -DUNWALKED -DNEW -c %s -o %t/new2.o
// RUN: %wfdiff %t/old2.o %t/new2.o -o %t/u2.wfp | FileCheck %s --check-prefix=PLAIN
// PLAIN: replaced function count
#define ENTRY __attribute__((section("commands"), used)) static const
#ifdef NEW
ENTRY long entry_a = 2, entry_b = 3;
#else
ENTRY long entry_a = 1, entry_old = 5;
#endif
#ifdef UNWALKED
long count(void) { return entry_a; }
#else
extern const long __start_commands[], __stop_commands[];
long count(void) {
  long sum = 0;
  for (const long *p = __start_commands; p < __stop_commands; ++p)
    sum += *p;
  return sum;
}
#endif
