// An update carries its units' debug information: line numbers lead to the new code, several units do not disturb each
// other, what is not in the update has no address, and the sections verify.
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for n in 1 2; do %wfclang -O2 -g -DUNIT=$n -c %s -o old/$n.o && %wfclang -O2 -g -DUNIT=$n -DNEW -c %s -o new/$n.o || exit 1; done
// RUN: %wfdiff old new -o u.wfp && wfp-dump u.wfp > /dev/null
// RUN: llvm-dwarfdump --verify u.wfp | FileCheck %s --check-prefix=VERIFY
// RUN: llvm-objdump -dl u.wfp | FileCheck %s
// RUN: llvm-dwarfdump --name=unchanged2 u.wfp | FileCheck %s --check-prefix=UNCHANGED
// RUN: for n in 1 2; do %wfclang -O2 -g -gz=zlib -gdwarf-4 -DUNIT=$n -c %s -o old/$n.o && %wfclang -O2 -g -gz=zlib -gdwarf-4 -DUNIT=$n -DNEW -c %s -o new/$n.o || exit 1; done
// RUN: %wfdiff old new -o u.wfp && llvm-dwarfdump --verify u.wfp | FileCheck %s --check-prefix=VERIFY
// RUN: llvm-objdump -dl u.wfp | FileCheck %s
// RUN: %wfdiff old new -o u.wfp --strip-debug && llvm-readelf -SW u.wfp | FileCheck %s --check-prefix=STRIPPED
// VERIFY: No errors
// CHECK: <changed1>:
// CHECK: debug-info.c:[[#]]
// CHECK: <changed2>:
// CHECK: debug-info.c:[[#]]
// UNCHANGED: DW_TAG_subprogram
// UNCHANGED-NEXT: DW_AT_low_pc (dead code)
// STRIPPED-NOT: .debug
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
int variable;
_Thread_local int per_thread;
int PASTE(unchanged, UNIT)(int x) { return x * 3 + per_thread; }
int PASTE(changed, UNIT)(int x) {
#ifdef NEW
  return x * UNIT + 8 + variable;
#else
  return x * UNIT + 7 + variable;
#endif
}
