; The sled: prologue data and alignment for functions whose convention leaves r11 free, and for no others.
; RUN: %opt -passes=wfpatch-sled -S %s | FileCheck %s
target triple = "x86_64-pc-linux-gnu"

; CHECK: define void @plain() #[[SLED:[0-9]+]] align 16 prologue [5 x i8] c"\A9\00\00\00\00"
define void @plain() { ret void }
; CHECK: define internal fastcc void @fast() #[[SLED]] align 16 prologue [5 x i8] c"\A9\00\00\00\00"
define internal fastcc void @fast() { ret void }
; CHECK: define preserve_mostcc void @most() #[[SLED]] align 16 prologue
define preserve_mostcc void @most() { ret void }
; CHECK: define preserve_allcc void @all() #[[SLED]] align 16 prologue
define preserve_allcc void @all() { ret void }
; A larger alignment stays.
; CHECK: define void @aligned() #[[SLED]] align 64 prologue
define void @aligned() align 64 { ret void }
; CHECK: define linkonce_odr void @inlined() #[[SLED]] comdat align 16 prologue
$inlined = comdat any
define linkonce_odr void @inlined() comdat { ret void }

; coldcc preserves r11, preserve_none passes arguments in it.
; CHECK: define coldcc void @cold() #[[NONE:[0-9]+]] {
define coldcc void @cold() { ret void }
; CHECK: define preserve_nonecc void @none() #[[NONE]] {
define preserve_nonecc void @none() { ret void }
; CHECK: define x86_regcallcc void @regcall() #[[NONE]] {
define x86_regcallcc void @regcall() { ret void }
; CHECK: define void @naked() #[[NAKED:[0-9]+]] {
define void @naked() naked { unreachable }
; CHECK: define void @saves() #[[SAVES:[0-9]+]] {
define void @saves() "no_caller_saved_registers" { ret void }

; CHECK: declare void @elsewhere()
; CHECK-NOT: prologue
declare void @elsewhere()
; CHECK: define available_externally void @copy() {
define available_externally void @copy() { ret void }

; CHECK-DAG: attributes #[[SLED]] = { "wfpatch-sled" }
; CHECK-DAG: attributes #[[NONE]] = { "wfpatch-convention" }
; CHECK-DAG: attributes #[[NAKED]] = { naked "wfpatch-convention" }
; CHECK-DAG: attributes #[[SAVES]] = { "no_caller_saved_registers" "wfpatch-convention" }
