// What linkers may rewrite is masked in the digests of old code: the sled (behind endbr64), relocated fields, the opcode
// before GOTPCRELX and GOTTPOFF, whole sequences for thread-locals.
// RUN: mkdir -p %t && %wfclang -O2 -fPIC -fno-plt -fcf-protection=branch -c %s -o %t/old.o && %wfclang -O2 -fPIC -fno-plt -fcf-protection=branch -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp && wfp-dump %t/u.wfp | FileCheck %s
// RUN: llvm-objdump -dr %t/old.o | FileCheck %s --check-prefix=CODE
// CODE: <indirect>:
// CODE: ff 25 00 00 00 00 {{ *}}jmpq
// CODE: <load>:
// CODE: 48 8b 05 00 00 00 00 {{ *}}movq
// CODE: <general>:
// CODE: 66 48 8d 3d 00 00 00 00
// CHECK-DAG: old-code indirect size 15 masks 4+11 flags sled endbr
// CHECK-DAG: old-code load size {{[0-9]+}} masks 4+12 flags sled endbr
// CHECK-DAG: old-code general size {{[0-9]+}} masks 4+5 10+16 flags sled endbr
// CHECK-DAG: old-code call size {{[0-9]+}} masks 4+5 11+4 flags sled endbr
extern int far_away(void);
extern int near_by(void) __attribute__((visibility("hidden")));
extern int data;
extern _Thread_local int elsewhere;
int indirect(void) { return far_away(); }
int load(void) { return data; }
int general(void) { return elsewhere; }
int call(void) { return near_by() + 1; }
#ifdef NEW
int f(void) { return 1; }
#else
int f(void) { return 0; }
#endif
