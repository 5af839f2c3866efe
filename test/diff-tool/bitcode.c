// What -flto and -flto=thin leave in a build directory or an archive says nothing that could be compared: it must be the same in OLD and
// NEW, as of the tools that a build makes for itself; else a change would be missed.
// RUN: rm -rf %t && mkdir -p %t/old %t/new %t/other && cd %t
// RUN: %wfclang -O2 -c %s -o old/a.o && %wfclang -O2 -DNEW -c %s -o new/a.o && cp new/a.o other
// RUN: for lto in full thin; do \
// RUN:   %clang -O2 -flto=$lto -c %s -o old/tool.o && cp old/tool.o new && %clang -O2 -flto=$lto -DNEW -c %s -o other/tool.o && \
// RUN:   %wfdiff old new -o u.wfp > same && FileCheck %s --check-prefix=SAME < same && \
// RUN:   (%wfdiff old other -o none.wfp 2> err; test $? -eq 2) && FileCheck %s < err || exit 1; done
// SAME: wfdiff: 1 replaced, 0 added, 0 removed functions
// CHECK: wfdiff: other/tool.o: is LLVM bitcode (-flto), which has no records, and is not the same in OLD and NEW; build both without -flto
//
// One that came, or went.
// RUN: rm old/tool.o; (%wfdiff old new -o none.wfp 2> err; test $? -eq 2) && FileCheck %s --check-prefix=CAME < err
// RUN: (%wfdiff new old -o none.wfp 2> err; test $? -eq 2) && FileCheck %s --check-prefix=CAME < err
// CAME: wfdiff: new/tool.o: is LLVM bitcode (-flto)
//
// Members of archives, as inputs and in directories.
// RUN: for v in new other; do mkdir lib-$v && (cd $v && llvm-ar rc ../lib-$v/lib.a a.o tool.o) || exit 1; done
// RUN: for f in "" /lib.a; do (%wfdiff lib-new$f lib-other$f -o none.wfp 2> err; test $? -eq 2) && FileCheck %s --check-prefix=MEMBER < err || exit 1; done
// RUN: %wfdiff lib-new lib-new -o none.wfp; test $? -eq 3
// MEMBER: wfdiff: lib-other/lib.a(tool.o): is LLVM bitcode (-flto)
//
// Objects that have both: what the program is made of is not the code that is in them.
// RUN: rm -rf old/tool.o new/tool.o && %clang -O2 -flto -ffat-lto-objects -c %s -o old/fat.o && cp old/fat.o new && %wfdiff old new -o u.wfp
// RUN: %clang -O2 -flto -ffat-lto-objects -g -c %s -o new/fat.o && not %wfdiff old new -o none.wfp 2>&1 | FileCheck %s --check-prefix=FAT
// FAT: wfdiff: refused: {{.*}}fat.o: (unit): holds intermediate code (-flto) of which the linker makes other code; build OLD and NEW without -flto
// RUN: test ! -e none.wfp
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
int step(int value) { return value + STEP; }
