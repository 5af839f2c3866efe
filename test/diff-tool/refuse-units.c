// What two versions of a unit must have in common: the target, the compiler, and a description of the types that they lay out, also
// where the code is the same.  Refused by name, and for no reason that only follows from one of these.
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: %wfclang -O2 -c %s -o old.o && %wfclang -O2 -DNEW -c %s -o new.o
//
// RUN: %wfclang -O2 --target=x86_64-unknown-linux-musl -DNEW -c %s -o musl.o
// RUN: not %wfdiff old.o musl.o -o u.wfp 2>&1 | FileCheck %s --check-prefix=TARGET --implicit-check-not=refused
// TARGET: wfdiff: refused: musl.o: (unit): target changed: x86_64-{{.*}}-linux-gnu -> x86_64-unknown-linux-musl; build NEW for OLD's
//
// RUN: LC_ALL=C sed 's/clang version ./clang version 8/' new.o > compiler.o
// RUN: not %wfdiff old.o compiler.o -o u.wfp 2>&1 | FileCheck %s --check-prefix=COMPILER --implicit-check-not=refused
// COMPILER: wfdiff: refused: compiler.o: (unit): compiler changed: {{.*}}clang version {{.*}} -> {{.*}}clang version 8{{.*}}; build NEW with OLD's compiler
//
// RUN: llvm-objcopy --remove-section .wfpatch.info old.o old-bare.o && llvm-objcopy --remove-section .wfpatch.info new.o new-bare.o
// RUN: not %wfdiff old.o new-bare.o -o u.wfp 2>&1 | FileCheck %s --check-prefix=NEW --implicit-check-not=refused
// RUN: not %wfdiff old-bare.o new.o -o u.wfp 2>&1 | FileCheck %s --check-prefix=OLD --implicit-check-not=refused
// RUN: not %wfdiff old-bare.o new-bare.o -o u.wfp 2>&1 | FileCheck %s --check-prefixes=NEW,OLD
// NEW-DAG: wfdiff: refused: new{{.*}}.o: (unit): NEW has no .wfpatch.info (stripped?); type layouts cannot be compared
// OLD-DAG: wfdiff: refused: new{{.*}}.o: (unit): OLD has no .wfpatch.info (stripped?); type layouts cannot be compared
//
// A unit beside the changed one has the same code, and a struct whose fields changed places.
// RUN: cp old.o old/a.o && cp new.o new/a.o && %wfclang -O2 -DCALLER -c %s -o old/b.o && %wfclang -O2 -DCALLER -DNEW -c %s -o new/b.o
// RUN: not %wfdiff old new -o u.wfp 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: llvm-objcopy --remove-section .wfpatch.info new/b.o && not %wfdiff old new -o u.wfp 2>&1 | FileCheck %s --check-prefix=BARE
// RUN: test ! -e u.wfp
// LAYOUT: wfdiff: refused: {{.*}}b.o: struct pair: layout changed
// BARE: wfdiff: refused: {{.*}}b.o: (unit): NEW has no .wfpatch.info (stripped?)
#ifdef CALLER
struct pair {
#ifdef NEW
  int second, first;
#else
  int first, second;
#endif
};
void fill(struct pair *), wait_for(struct pair *);
void caller(void) {
  struct pair pair;
  fill(&pair);
  wait_for(&pair);
}
#else
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
int step(int value) { return value + STEP; }
#endif
