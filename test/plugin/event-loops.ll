; Which loops' bodies become functions, what those look like, and what is left alone and why.
; RUN: %opt -passes=wfpatch-outline -wfpatch-event-loops=outline -verify-each -S %s | FileCheck %s
; RUN: %opt -passes=wfpatch-outline -wfpatch-event-loops=outline -pass-remarks=wfpatch -pass-remarks-missed=wfpatch -disable-output %s 2>&1 | FileCheck %s --check-prefix=WHY --implicit-check-not=remark:
; RUN: %opt -passes=wfpatch-outline,wfpatch-seal -wfpatch-event-loops=outline -verify-each -S %s | FileCheck %s --check-prefix=SEALED
; Nothing happens unless it is asked for.
; RUN: %opt -passes=wfpatch-outline -S %s | FileCheck %s --check-prefix=KEPT --implicit-check-not=.loop
; KEPT: define void @endless(
target triple = "x86_64-pc-linux-gnu"

declare i32 @epoll_wait(i32, ptr, i32, i32)
declare i64 @read(i32, ptr, i64)
declare void @handle(ptr)
declare void @work(i32)
declare i32 @setjmp(ptr) returns_twice
declare void @llvm.va_start.p0(ptr)
declare i32 @rust_eh_personality(...)
@stop = global i32 0

; No exit.  What the turns share lies in two objects: variables that nobody else can reach, and others.  `unused` is not used
; in the loop, but could be by the next version; `own` is set anew by each turn.
; CHECK-LABEL: define void @endless(i32 %fd)
; CHECK: %wfp.objects = alloca [16 x i8], align 8
; CHECK: %wfp.scalars = alloca [12 x i8], align 4
; CHECK: store i32 %fd, ptr
; CHECK: wfp.turn:
; CHECK-NEXT: %wfp.next = call i32 @endless.loop.h[[#%.8x,ENDLESS:]](ptr %wfp.scalars, ptr %wfp.objects)
; CHECK-NEXT: br label %wfp.turn
; CHECK: define weak hidden i32 @endless.loop.h[[#ENDLESS]](ptr noalias noundef nonnull align 4 dereferenceable(12) %wfp.scalars, ptr noundef nonnull align 8 dereferenceable(16) %wfp.objects) #[[ATTRIBUTES:[0-9]+]]
; CHECK: %own = alloca i32
; CHECK: call i32 @epoll_wait(
; CHECK: ret i32 0
; WHY: remark: {{.*}} the loop's body is endless.loop.h
; SEALED: define internal i32 @endless.loop.h
define void @endless(i32 %fd) {
  %fd.addr = alloca i32
  %turns = alloca i32
  %unused = alloca i32
  %own = alloca i32
  %event = alloca [16 x i8], align 8
  store i32 %fd, ptr %fd.addr
  store i32 0, ptr %turns
  store i32 7, ptr %unused
  br label %loop
loop:
  %poll = load i32, ptr %fd.addr
  %n = call i32 @epoll_wait(i32 %poll, ptr %event, i32 1, i32 -1)
  store i32 %n, ptr %own
  call void @handle(ptr %event)
  %before = load i32, ptr %turns
  %after = add i32 %before, 1
  store i32 %after, ptr %turns
  %again = load i32, ptr %own
  call void @work(i32 %again)
  br label %loop
}

; Each turn waits, and it ends: two exits, of which the one that only leads to the return value's load is the shell's.
; CHECK-LABEL: define i64 @waits(
; CHECK: %wfp.next = call i32 @waits.loop.h
; CHECK-NEXT: switch i32 %wfp.next, label %{{.*}} [
; CHECK-NEXT: i32 0, label %wfp.turn
; CHECK-NEXT: ]
; CHECK: define weak hidden i32 @waits.loop.h
; CHECK: call i64 @read(
; WHY: remark: {{.*}} the loop's body is waits.loop.h
define i64 @waits(i32 %fd, ptr %buffer) {
  %result = alloca i64
  br label %loop
loop:
  %n = call i64 @read(i32 %fd, ptr %buffer, i64 10)
  store i64 %n, ptr %result
  %more = icmp sgt i64 %n, 0
  br i1 %more, label %body, label %done
body:
  call void @handle(ptr %buffer)
  br label %loop
done:
  %value = load i64, ptr %result
  ret i64 %value
}

; It ends when a flag says so.
; CHECK: define weak hidden i32 @flagged.loop.h
; WHY: remark: {{.*}} the loop's body is flagged.loop.h
define void @flagged() {
  br label %loop
loop:
  %flag = load i32, ptr @stop
  %set = icmp ne i32 %flag, 0
  br i1 %set, label %done, label %body
body:
  call void @work(i32 1)
  br label %loop
done:
  ret void
}

; A loop in the loop's body, and a second loop of the same function.
; CHECK: call i32 @nested.loop.h
; CHECK: call i32 @nested.loop2.h
; CHECK: define weak hidden i32 @nested.loop2.h
; CHECK: define weak hidden i32 @nested.loop.h
; CHECK: call i32 @nested.loop.loop.h
; CHECK: define weak hidden i32 @nested.loop.loop.h
; WHY-DAG: remark: {{.*}} the loop's body is nested.loop.h
; WHY-DAG: remark: {{.*}} the loop's body is nested.loop2.h
; WHY-DAG: remark: {{.*}} the loop's body is nested.loop.loop.h
define void @nested(i32 %fd, ptr %buffer) {
  br label %outer
outer:
  call void @work(i32 2)
  br label %inner
inner:
  %n = call i64 @read(i32 %fd, ptr %buffer, i64 10)
  call void @handle(ptr %buffer)
  %more = icmp sgt i64 %n, 0
  br i1 %more, label %inner, label %next
next:
  %flag = load i32, ptr @stop
  %set = icmp ne i32 %flag, 0
  br i1 %set, label %second, label %outer
second:
  call void @work(i32 3)
  br label %second
}

; Neither waits nor is endless; counts; waits for a condition and does nothing else.
; CHECK-NOT: @{{computes|counts|idles}}.loop
define i32 @computes(i32 %x) {
  br label %loop
loop:
  %y = phi i32 [ %x, %0 ], [ %z, %loop ]
  call void @work(i32 %y)
  %z = udiv i32 %y, 3
  %end = icmp eq i32 %z, 0
  br i1 %end, label %done, label %loop
done:
  ret i32 %y
}
define void @counts(i32 %fd, ptr %buffer) {
  %i = alloca i32
  store i32 0, ptr %i
  br label %loop
loop:
  %n = call i64 @read(i32 %fd, ptr %buffer, i64 10)
  call void @handle(ptr %buffer)
  %old = load i32, ptr %i
  %new = add i32 %old, 1
  store i32 %new, ptr %i
  %now = load i32, ptr %i
  %more = icmp slt i32 %now, 10
  br i1 %more, label %loop, label %done
done:
  ret void
}
define void @idles(i32 %fd, ptr %buffer) {
  br label %loop
loop:
  %n = call i64 @read(i32 %fd, ptr %buffer, i64 10)
  %more = icmp sgt i64 %n, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; What cannot be moved says why.
; CHECK-NOT: @refuse{{.*}}.loop
; WHY: remark: {{.*}} the event loop's body stays in refuse_personality, because of its exceptions' personality
define void @refuse_personality() personality ptr @rust_eh_personality {
  br label %loop
loop:
  call void @work(i32 1)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_shared, because the function is shared with other units
$refuse_shared = comdat any
define linkonce_odr void @refuse_shared() comdat {
  br label %loop
loop:
  call void @work(i32 1)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_setjmp, because the function calls setjmp or the like
define void @refuse_setjmp(ptr %buffer) {
  %first = call i32 @setjmp(ptr %buffer)
  br label %loop
loop:
  call void @work(i32 1)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_naked, because the function is naked
define void @refuse_naked() naked {
  br label %loop
loop:
  call void @work(i32 1)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_alloca, because of a variable-length array or alloca
define void @refuse_alloca(i32 %n) {
  br label %loop
loop:
  %space = alloca i8, i32 %n
  call void @handle(ptr %space)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_va_start, because of va_start
define void @refuse_va_start(...) {
  %list = alloca [24 x i8]
  br label %loop
loop:
  call void @llvm.va_start.p0(ptr %list)
  call void @handle(ptr %list)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_goto, because of a computed goto
define void @refuse_goto(ptr %where) {
  br label %loop
loop:
  call void @handle(ptr blockaddress(@refuse_goto, %target))
  indirectbr ptr %where, [label %target]
target:
  call void @work(i32 1)
  br label %loop
}
; WHY: remark: {{.*}} the event loop's body stays in refuse_frame, because it looks at its own frame
declare ptr @llvm.frameaddress.p0(i32)
define void @refuse_frame() {
  br label %loop
loop:
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  call void @handle(ptr %frame)
  br label %loop
}
; CHECK: attributes #[[ATTRIBUTES]] = { noinline "wfpatch-loop-body"="endless" }
