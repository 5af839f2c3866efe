; Records in IR: what they refer to and where they are.
; RUN: %opt -passes=wfpatch -S %s | FileCheck %s
source_filename = "unit.c"
target triple = "x86_64-pc-linux-gnu"

$inlined = comdat any

; CHECK-DAG: @llvm.used = appending global {{.*}}@wfp.null
; CHECK-DAG: @llvm.compiler.used = appending global {{.*}}@wfp.unit
; CHECK-DAG: @__wfp_image = weak hidden global [64 x i8] zeroinitializer, {{.*}}comdat, align 64
; CHECK-DAG: @wfp.unit = private constant {{.*}} section ".note.wfpatch", {{.*}}align 4
; CHECK-DAG: @__start_wfp_functions = external hidden global i8
; CHECK-DAG: @__stop_wfp_tls = external hidden global i8

; A symbol that another definition could win over, or that other images can see, through a private alias ...
; CHECK-DAG: @wfp.exported = private alias i32, ptr @exported
; CHECK-DAG: @wfp.inlined = private alias void (), ptr @inlined
; CHECK-DAG: constant { i32, i32, i64, i32, i32 } { i32 trunc (i64 sub (i64 ptrtoint (ptr @wfp.exported to i64), {{.*}} section "wfp_variables", {{.*}}align 8, !associated ![[EXPORTED:[0-9]+]]
; ... a local one as it is.
; CHECK-DAG: constant { i32, i32, i64, i32, i32 } { i32 trunc (i64 sub (i64 ptrtoint (ptr @counter to i64), {{.*}} section "wfp_variables", {{.*}}align 8, !associated ![[COUNTER:[0-9]+]]
; CHECK-DAG: constant { i32, i32, i64, i32, i32 } { i32 trunc (i64 sub (i64 ptrtoint (ptr @wfp.plain to i64), {{.*}} section "wfp_functions", {{.*}}align 8, !associated ![[PLAIN:[0-9]+]]
; In a COMDAT instead of associated.
; CHECK-DAG: constant { i32, i32, i64, i32, i32 } { i32 trunc (i64 sub (i64 ptrtoint (ptr @wfp.inlined to i64), {{.*}} section "wfp_functions", {{.*}}comdat($inlined), align 8{{$}}
; The alias's own name, the same entry.
; CHECK-DAG: @wfp.other_name = private alias void (), ptr @plain
; CHECK-DAG: ptrtoint (ptr @wfp.other_name to i64)

; Nothing for what this object does not define, or what has no symbol.
; CHECK-NOT: @wfp.elsewhere
; CHECK-NOT: @wfp.copy
; CHECK-NOT: @wfp..str
@exported = global i32 1
@counter = internal global i32 2
@.str = private constant [2 x i8] c"a\00"
@elsewhere = external global i32
@other_name = alias void (), ptr @plain
declare void @declared()
define available_externally void @copy() { ret void }
define void @plain() { ret void }
define linkonce_odr void @inlined() comdat { ret void }

; CHECK-DAG: ![[EXPORTED]] = !{ptr @exported}
; CHECK-DAG: ![[COUNTER]] = !{ptr @counter}
; CHECK-DAG: ![[PLAIN]] = !{ptr @plain}
; CHECK-DAG: !{i32 7, !"wfpatch", i32 1}
