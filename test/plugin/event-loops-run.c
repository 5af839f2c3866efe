// What loops compute does not depend on whether their bodies are functions of their own: the same output with and without
// event-loops=outline, at every level of optimisation, for every way in which turns can share something.
// RUN: mkdir -p %t && %wfclang -w -O1 %s -o %t/kept && %t/kept > %t/expected && FileCheck %s < %t/expected
// RUN: for O in "-O0 -g" "-O2 -g" -O3 "-O1 -fsanitize=address,undefined"; do \
// RUN:   %wfclang -w $O -fplugin-arg-wfpatch-event-loops=outline -Rpass=wfpatch -Rpass-missed=wfpatch %s -o %t/outlined 2> %t/remarks || exit 1; \
// RUN:   FileCheck %s --check-prefix=REMARK --implicit-check-not=remark: < %t/remarks && \
// RUN:   ASAN_OPTIONS=detect_leaks=0 %t/outlined > %t/output && diff %t/expected %t/output || exit 1; done
// CHECK: scalars: 5 turns, sum 495, last 100, limit 9
// CHECK: kept: 97 97 98 99 100
// CHECK: objects: abcde, 5 5 1
// CHECK: leaves: 2 3 103 -1
// CHECK: nested: 3 connections, 6 messages
// CHECK: arguments: 30 7 8.5 -3
// CHECK: array: 5 of 12, abcde
// CHECK: literal: 97 98 99 100
// CHECK: volatile: 5 5
// CHECK: static: 5
// CHECK: temporaries: 990, last 101
// CHECK: unused: 77 77
// CHECK: switch: 5 4 3
// CHECK: endless: 3
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int pipes[2];
// As many requests as there are bytes, then the end of the file.
static void requests(const char *bytes) {
  pipe(pipes);
  write(pipes[1], bytes, strlen(bytes));
  close(pipes[1]);
}
static int wait_for(unsigned char *byte) { return read(pipes[0], byte, 1) == 1; }
static void done(void) { close(pipes[0]); }
__attribute__((noinline)) static int touch(int x) { __asm__ volatile("" : "+r"(x)); return x; }

// REMARK-DAG: remark: the loop's body is scalars.loop.h
static void scalars(int limit) {
  int turns = 0, last = -1;
  long sum = 0;
  unsigned char byte;
  while (wait_for(&byte)) {
    int this = touch(byte); // the body's own
    ++turns;
    sum += this;
    if (turns < limit)
      last = this - 1;
    last = touch(last);
  }
  printf("scalars: %d turns, sum %ld, last %d, limit %d\n", turns, sum, last, limit);
}

// A variable declared in front of the loop, written in each turn before it is read, but through a pointer that the turn
// before has left.
// REMARK-DAG: remark: the loop's body is kept.loop.h
static void kept(void) {
  int *before = NULL, value;
  unsigned char byte;
  printf("kept:");
  for (;;) {
    if (!wait_for(&byte))
      break;
    printf(" %d", before ? *before : byte);
    value = byte;
    before = &value;
    touch(*before);
  }
  puts("");
}

struct buffer { char text[16]; unsigned used : 5, odd : 1; union { int i; float f; } u; };
static void put(struct buffer *b, char c) { b->text[b->used++] = c; b->odd ^= 1; b->u.f += 1; }
// REMARK-DAG: remark: the loop's body is objects.loop.h
static void objects(void) {
  struct buffer b = {0};
  struct { struct buffer *to; int n; } link = {&b, 0};
  unsigned char byte;
  while (wait_for(&byte)) {
    put(link.to, byte);
    link.n = touch(link.n + 1);
  }
  printf("objects: %s, %g %d %d\n", b.text, b.u.f, link.n, b.odd);
}

// Three ways out, and one that goes on.
// REMARK-DAG: remark: the loop's body is leaves.loop.h
__attribute__((noinline)) static int leaves(int at, int *how) {
  unsigned char byte;
  int turns = 0;
  for (;;) {
    if (!wait_for(&byte)) {
      *how = 1;
      goto end;
    }
    if (++turns < at)
      continue;
    *how = touch(2);
    if (at == 3)
      break;
    if (at == 4)
      return byte;
    turns = touch(2);
    goto end;
  }
  *how = 3;
  return turns;
end:
  *how += 4;
  return *how == 5 ? -1 : turns;
}

// REMARK-DAG: remark: the loop's body is nested.loop.h
// REMARK-DAG: remark: the loop's body is nested.loop.loop.h
static void nested(void) {
  int connections = 0, messages = 0;
  volatile int *stop = &(volatile int){0};
  while (connections < 3 && !*stop) {
    unsigned char byte;
    int here = 0;
    requests("xy");
    while (wait_for(&byte)) {
      ++messages;
      here += touch(1);
    }
    done();
    if (here != 2)
      *stop = 1;
    ++connections;
    touch(connections);
  }
  printf("nested: %d connections, %d messages\n", connections, messages);
}

struct big { int numbers[20]; };
// By value, in registers, variable: whatever a parameter can be.
// REMARK-DAG: remark: the loop's body is arguments.loop.h
__attribute__((noinline)) static void arguments(struct big big, struct { int a, b; } *none, double d, int n, ...) {
  va_list list;
  va_start(list, n);
  int sum = 0, first = 0;
  unsigned char byte;
  while (wait_for(&byte)) {
    big.numbers[3] += touch(5);
    if (n-- > 0)
      first += va_arg(list, int);
    d += 1;
    sum = touch(big.numbers[3]);
  }
  va_end(list);
  printf("arguments: %d %d %g %d\n", sum, first, d, n);
}

// REMARK-DAG: remark: the event loop's body stays in array, because of a variable-length array or alloca
__attribute__((noinline)) static void array(int n) {
  char space[n];
  int used = 0;
  unsigned char byte;
  while (wait_for(&byte))
    space[used++] = touch(byte);
  printf("array: %d of %d, %.*s\n", used, (int)sizeof(space), used, space);
}

// Objects of the function's scope that are made anew in each turn, and used in the next.
// REMARK-DAG: remark: the loop's body is literal.loop.h
static void literal(void) {
  struct pair { int value; struct pair *next; } *before = NULL;
  unsigned char byte;
  printf("literal:");
again:
  if (wait_for(&byte)) {
    if (before)
      printf(" %d", before->value);
    before = &(struct pair){byte, NULL};
    touch(before->value);
    goto again;
  }
  puts("");
}

// REMARK-DAG: remark: the loop's body is volatiles.loop.h
static void volatiles(void) {
  volatile int seen = 0;
  _Atomic int counted = 0;
  unsigned char byte;
  while (wait_for(&byte)) {
    seen = seen + touch(1);
    counted++;
  }
  printf("volatile: %d %d\n", seen, counted);
}

// REMARK-DAG: remark: the loop's body is statics.loop.h
static void statics(void) {
  unsigned char byte;
  static int before;
  while (wait_for(&byte)) {
    static int count;
    before = ++count;
    touch(count);
  }
  printf("static: %d\n", before);
}

__attribute__((noinline)) static struct big make(int x) { struct big b = {{x}}; return b; }
__attribute__((noinline)) static int take(struct big b) { return b.numbers[0]; }
// REMARK-DAG: remark: the loop's body is temporaries.loop.h
static void temporaries(void) {
  int sum = 0;
  unsigned char byte;
  struct big last;
  while (wait_for(&byte)) {
    last = make(byte);
    sum += take(make(byte)) + take(last);
  }
  printf("temporaries: %d, last %d\n", sum, last.numbers[0]);
}

// A variable that the loop does not use goes through it unharmed.
// REMARK-DAG: remark: the loop's body is unused.loop.h
static void unused(int through) {
  unsigned char byte;
  int other = touch(through);
  while (wait_for(&byte))
    touch(byte);
  printf("unused: %d %d\n", through, other);
}

// REMARK-DAG: remark: the loop's body is switches.loop.h
static void switches(void) {
  unsigned char byte;
  int a = 0, b = 0, c = 0;
  for (; wait_for(&byte); ++a)
    switch (touch(byte)) {
    case 'a':
      continue;
    case 'b':
      c += 2;
    default:
      ++b;
      if (touch(b) < 4)
        c += b == 3;
    }
  printf("switch: %d %d %d\n", a, b, c);
}

static jmp_buf out;
// REMARK-DAG: remark: the loop's body is endless.loop.h
__attribute__((noinline)) static void endless(int turns) {
  for (;;) {
    if (turns-- == 0)
      longjmp(out, 3);
    touch(turns);
  }
}
// REMARK-DAG: remark: the event loop's body stays in jumps, because the function calls setjmp or the like
static int jumps(void) {
  unsigned char byte;
  int how = setjmp(out);
  if (!how)
    endless(10);
  while (wait_for(&byte))
    touch(byte);
  return how;
}

int main(void) {
  int how;
#define RUN(call) requests("abcde"), call, done()
  RUN(scalars(9));
  RUN(kept());
  RUN(objects());
  RUN(how = leaves(3, &how));
  printf("leaves: 2 %d", how);
  RUN(how = leaves(7, &how) == -1 ? 103 : 0);
  printf(" %d", how);
  RUN(how = leaves(100, &how));
  printf(" %d\n", how);
  nested();
  RUN(arguments((struct big){{0, 0, 0, 5}}, NULL, 3.5, 2, 3, 4));
  RUN(array(12));
  RUN(literal());
  RUN(volatiles());
  RUN(statics());
  RUN(temporaries());
  RUN(unused(77));
  RUN(switches());
  RUN(printf("endless: %d\n", jumps()));
  fflush(stdout);
  return 0;
}
