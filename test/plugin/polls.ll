; Which back edges are polled, and what a poll is.
; RUN: %opt -passes=wfpatch-quiescence -S %s | FileCheck %s
; RUN: %opt -passes=wfpatch-quiescence -wfpatch-quiescence=explicit -S %s | FileCheck --check-prefix=EXPLICIT %s
target triple = "x86_64-pc-linux-gnu"

; With quiescence=explicit only the explicit point is left.
; EXPLICIT-COUNT-1: call preserve_mostcc
; EXPLICIT-NOT: call preserve_mostcc

; CHECK: @__wfp_image = weak hidden global [64 x i8] zeroinitializer, no_sanitize_address, no_sanitize_hwaddress, comdat, align 64
; CHECK-LABEL: define void @calls(
; CHECK: br i1 %more, label %[[EDGE:.*]], label %out
; CHECK: [[EDGE]]:
; CHECK-NEXT: %[[PENDING:.*]] = load i8, ptr @__wfp_image, align 1, !nosanitize
; CHECK-NEXT: %[[SET:.*]] = icmp ne i8 %[[PENDING]], 0
; CHECK-NEXT: br i1 %[[SET]], label %[[COLD:.*]], label %{{.*}}, !prof ![[UNLIKELY:[0-9]+]]
; CHECK: [[COLD]]:
; CHECK-NEXT: %[[POLL:.*]] = load ptr, ptr getelementptr inbounds{{( nuw)?}} (i8, ptr @__wfp_image, i64 8), align 8, !nosanitize
; CHECK-NEXT: call preserve_mostcc void %[[POLL]]() #[[COLDATTR:[0-9]+]]
; CHECK-NOT: call preserve_mostcc
define void @calls() {
  br label %loop
loop:
  %more = call i1 @step()
  br i1 %more, label %loop, label %out
out:
  ret void
}

; Spinning on something that another thread changes.
; CHECK-LABEL: define void @volatile_spin(
; CHECK: call preserve_mostcc
define void @volatile_spin(ptr %p) {
  br label %loop
loop:
  %v = load volatile i1, ptr %p
  br i1 %v, label %loop, label %out
out:
  ret void
}

; CHECK-LABEL: define void @atomic_spin(
; CHECK: call preserve_mostcc
define void @atomic_spin(ptr %p) {
  br label %loop
loop:
  %v = load atomic i8, ptr %p acquire, align 1
  %c = icmp eq i8 %v, 0
  br i1 %c, label %loop, label %out
out:
  ret void
}

; CHECK-LABEL: define void @asm_spin(
; CHECK: call preserve_mostcc
define void @asm_spin(ptr %p) {
  br label %loop
loop:
  call void asm sideeffect "pause", "~{memory}"()
  %v = load i1, ptr %p
  br i1 %v, label %loop, label %out
out:
  ret void
}

; Pure computation, calls of intrinsics included.
; CHECK-LABEL: define double @computes(
; CHECK-NOT: call preserve_mostcc
define double @computes(i64 %n, double %x) {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %s = phi double [ %x, %0 ], [ %t, %loop ]
  %t = call double @llvm.sqrt.f64(double %s)
  %next = add i64 %i, 1
  %c = icmp ult i64 %next, %n
  br i1 %c, label %loop, label %out
out:
  ret double %t
}

; Sixteen turns are over soon, seventeen are not.
; CHECK-LABEL: define void @sixteen(
; CHECK-NOT: call preserve_mostcc
define void @sixteen() {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %s = call i1 @step()
  %next = add i64 %i, 1
  %c = icmp ult i64 %next, 16
  br i1 %c, label %loop, label %out
out:
  ret void
}
; CHECK-LABEL: define void @seventeen(
; CHECK: call preserve_mostcc
define void @seventeen() {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %s = call i1 @step()
  %next = add i64 %i, 1
  %c = icmp ult i64 %next, 17
  br i1 %c, label %loop, label %out
out:
  ret void
}

; Inner and outer loop.
; CHECK-LABEL: define void @nested(
; CHECK-COUNT-2: call preserve_mostcc
define void @nested(i64 %n) {
  br label %outer
outer:
  br label %inner
inner:
  %a = call i1 @step()
  br i1 %a, label %inner, label %latch
latch:
  %b = call i1 @step()
  br i1 %b, label %outer, label %out
out:
  ret void
}

; Computation in nested loops: the innermost has no poll, those around it have, at their own latches.
; CHECK-LABEL: define i64 @computes_nested(
; CHECK: inner:
; CHECK-NOT: call preserve_mostcc
; CHECK: latch:
; CHECK-COUNT-2: call preserve_mostcc
; CHECK-NOT: call preserve_mostcc
; CHECK: ret i64
define i64 @computes_nested(i64 %n) {
  br label %outermost
outermost:
  %i = phi i64 [ 0, %0 ], [ %i.next, %outermost.latch ]
  br label %outer
outer:
  %j = phi i64 [ 0, %outermost ], [ %j.next, %latch ]
  br label %inner
inner:
  %k = phi i64 [ 0, %outer ], [ %k.next, %inner ]
  %s = phi i64 [ %j, %outer ], [ %t, %inner ]
  %t = mul i64 %s, %i
  %k.next = add i64 %k, 1
  %k.more = icmp ult i64 %k.next, %n
  br i1 %k.more, label %inner, label %latch
latch:
  %j.next = add i64 %j, 1
  %j.more = icmp ult i64 %j.next, %n
  br i1 %j.more, label %outer, label %outermost.latch
outermost.latch:
  %i.next = add i64 %i, 1
  %i.more = icmp ult i64 %i.next, %n
  br i1 %i.more, label %outermost, label %out
out:
  ret i64 %t
}

; ... unless the inner one is over after a few turns.
; CHECK-LABEL: define i64 @computes_little(
; CHECK-NOT: call preserve_mostcc
; CHECK: ret i64
define i64 @computes_little(i64 %n) {
  br label %outer
outer:
  %j = phi i64 [ 0, %0 ], [ %j.next, %latch ]
  br label %inner
inner:
  %k = phi i64 [ 0, %outer ], [ %k.next, %inner ]
  %s = phi i64 [ %j, %outer ], [ %t, %inner ]
  %t = mul i64 %s, %j
  %k.next = add i64 %k, 1
  %k.more = icmp ult i64 %k.next, 16
  br i1 %k.more, label %inner, label %latch
latch:
  %j.next = add i64 %j, 1
  %j.more = icmp ult i64 %j.next, %n
  br i1 %j.more, label %outer, label %out
out:
  ret i64 %t
}

; A cycle with two entries is no natural loop.
; CHECK-LABEL: define void @two_entries(
; CHECK: call preserve_mostcc
define void @two_entries(i1 %c) {
  br i1 %c, label %a, label %b
a:
  %x = call i1 @step()
  br i1 %x, label %b, label %out
b:
  %y = call i1 @step()
  br i1 %y, label %a, label %out
out:
  ret void
}

; An indirect branch cannot be split: one poll in front of it, however many of its edges go back.
; CHECK-LABEL: define void @interpreter(
; CHECK: call preserve_mostcc
; CHECK: indirectbr
; CHECK-NOT: call preserve_mostcc
define void @interpreter(ptr %to) {
  br label %dispatch
a:
  %x = call i1 @step()
  br label %dispatch
dispatch:
  %y = call i1 @step()
  indirectbr ptr %to, [label %dispatch, label %a2, label %out]
a2:
  br label %out
out:
  ret void
}

; A call that is the back edge itself.
; CHECK-LABEL: define void @invokes(
; CHECK: call preserve_mostcc
; CHECK: invoke void @throws()
define void @invokes() personality ptr @__gxx_personality_v0 {
  br label %loop
loop:
  invoke void @throws() to label %loop unwind label %pad
pad:
  %l = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %l
}

; Where the call would not be safe.
; CHECK-LABEL: define void @naked(
; CHECK-NOT: call preserve_mostcc
; CHECK-LABEL: define void @funclets(
; CHECK-NOT: call preserve_mostcc
; CHECK-LABEL: define void @saves(
; CHECK-NOT: call preserve_mostcc
; CHECK-LABEL: define ghccc void @ghc(
; CHECK-NOT: call preserve_mostcc
define void @naked() naked {
  br label %loop
loop:
  call void asm sideeffect "nop", ""()
  br label %loop
}
define void @funclets() personality ptr @__CxxFrameHandler3 {
  br label %loop
loop:
  %v = call i1 @step()
  br label %loop
}
define void @saves() "no_caller_saved_registers" {
  br label %loop
loop:
  %v = call i1 @step()
  br label %loop
}
define ghccc void @ghc() {
  br label %loop
loop:
  %v = call i1 @step()
  br label %loop
}

; An explicit point: the same test, the other pointer, and no poll for a loop that has nothing but it.
; CHECK-LABEL: define void @explicit(
; CHECK: load i8, ptr @__wfp_image
; CHECK: load ptr, ptr getelementptr inbounds{{( nuw)?}} (i8, ptr @__wfp_image, i64 16), align 8
; CHECK: call preserve_mostcc
; CHECK-NOT: call preserve_mostcc
; CHECK-NOT: call void @wfp_quiescence_point
define void @explicit() {
  br label %loop
loop:
  call void @wfp_quiescence_point()
  br label %loop
}

declare i1 @step()
declare void @throws()
declare double @llvm.sqrt.f64(double)
declare void @wfp_quiescence_point()
declare i32 @__gxx_personality_v0(...)
declare i32 @__CxxFrameHandler3(...)

; CHECK-DAG: ![[UNLIKELY]] = !{!"branch_weights", i32 1, i32 1048575}
; CHECK-DAG: attributes #[[COLDATTR]] = { cold nounwind }
