; What cannot have a sled is refused by name.
; RUN: not %opt -passes=wfpatch-sled -S %s -o /dev/null 2>&1 | FileCheck %s
; RUN: not %opt -passes=wfpatch-sled -enable-ipra -S %s -o /dev/null 2>&1 | FileCheck --check-prefix=IPRA %s
source_filename = "unit.c"
target triple = "x86_64-pc-linux-gnu"

; CHECK: error: wfpatch: 'unit.c': function 'has_data' has prologue data of its own, where the sled must be
; IPRA: error: wfpatch: 'unit.c' is compiled with -mllvm -enable-ipra: callers would rely on registers
define void @has_data() prologue i32 1 { ret void }
