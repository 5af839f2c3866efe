; Under branch protection the sled follows an endbr64 of its own; a function that is told to have none keeps having none.
; RUN: %opt -passes=wfpatch-sled -S %s | FileCheck %s
target triple = "x86_64-pc-linux-gnu"

; CHECK: define void @plain() #[[ENDBR:[0-9]+]] align 16 prologue [9 x i8] c"\F3\0F\1E\FA\A9\00\00\00\00"
define void @plain() { ret void }
; CHECK: define void @unchecked() #[[UNCHECKED:[0-9]+]] align 16 prologue [5 x i8] c"\A9\00\00\00\00"
define void @unchecked() nocf_check { ret void }

; CHECK-DAG: attributes #[[ENDBR]] = { nocf_check "wfpatch-sled"="endbr" }
; CHECK-DAG: attributes #[[UNCHECKED]] = { nocf_check "wfpatch-sled" }
!llvm.module.flags = !{!0}
!0 = !{i32 8, !"cf-protection-branch", i32 1}
