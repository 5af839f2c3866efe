// A changed initial value: the running program keeps the value that it has, or gets the new one, but only if told so.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp --keep limit --keep per_thread --reinit message | FileCheck %s --check-prefix=OK
// RUN: wfp-dump %t/u.wfp | FileCheck %s --check-prefix=DUMP
// RUN: llvm-readelf -rW %t/u.wfp | FileCheck %s --check-prefix=ELF
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp --keep limit --reinit per_thread --reinit message 2>&1 | FileCheck %s --check-prefix=TLS
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: limit: initial value changed (first difference at +0x0); the running program's stays: --keep limit if that is right, --reinit limit to set it
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: message: initial value changed (at +0x0 string "old" -> "new")
// CHECK-DAG: wfdiff: refused: {{.*}}new.o: per_thread: initial value changed
// OK: wfdiff: 0 replaced, 0 added, 0 removed functions
// DUMP: section .data.rel.ro.wfpatch.reinit.message unit 0
// DUMP: remark kept limit
// DUMP: remark reinit message with a value
// ELF: '.rela.data.rel.ro.wfpatch.reinit.message'
// ELF: R_X86_64_64
// TLS: wfdiff: refused: {{.*}}new.o: per_thread: initial value changed {{.*}} --keep per_thread if that is right{{$}}
#ifdef NEW
int limit = 200;
const char *message = "new";
_Thread_local int per_thread = 2;
#else
int limit = 100;
const char *message = "old";
_Thread_local int per_thread = 1;
#endif
int f(void) { return limit + message[0] + per_thread; }
