; Variables of local linkage go into the optimiser's pipeline marked as used, and come out of it as they are: not split,
; not shrunk, not made constant, not deleted.
; RUN: %opt -passes=wfpatch-prepare -S %s | FileCheck --check-prefix=MARK %s
; RUN: %opt -passes='default<O2>' -S %s | FileCheck %s
target triple = "x86_64-pc-linux-gnu"

; MARK: @llvm.compiler.used = appending global [5 x ptr] [ptr @split, ptr @shrunk, ptr @frozen, ptr @unread, ptr @perthread]
; CHECK-DAG: @split = internal global { i32, i32 } zeroinitializer
; CHECK-DAG: @shrunk = internal global i32 0
; CHECK-DAG: @frozen = internal global i32 7
; CHECK-DAG: @unread = internal global i32 0
; CHECK-DAG: @perthread = internal thread_local global i32 3
; CHECK-NOT: @constant = internal
@split = internal global { i32, i32 } zeroinitializer
@shrunk = internal global i32 0
@frozen = internal global i32 7
@unread = internal global i32 0
@perthread = internal thread_local global i32 3
@constant = internal constant i32 5
@exported = global i32 1

define i32 @use(i1 %c) {
  store i32 1, ptr @split
  store i32 2, ptr getelementptr inbounds ({ i32, i32 }, ptr @split, i32 0, i32 1)
  %v = select i1 %c, i32 0, i32 9
  store i32 %v, ptr @shrunk
  store i32 3, ptr @unread
  %a = load i32, ptr @frozen
  %b = load i32, ptr @constant
  %d = load i32, ptr @perthread
  %e = load i32, ptr @shrunk
  %s = add i32 %a, %b
  %t = add i32 %s, %d
  %u = add i32 %t, %e
  ret i32 %u
}
