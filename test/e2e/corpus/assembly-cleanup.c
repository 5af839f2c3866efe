// Inline assembly that changes, with operands, clobbers and memory; cleanup attributes; destructor functions, which the
// program runs when it ends, in whatever version it is then.
// RUN: %corpus %s %t -O2
// RUN: %corpus %s %t -O2 -fexceptions
// DIFF: replaced function assembly
// DIFF: replaced function memory
// DIFF: replaced function cleaned
// DIFF: replaced function finish
// DIFF: added function release_more
#include "Inputs/corpus.h"

int assembly(int), cleaned(int), releases(void);
void memory(int *);
extern int finished;

#ifndef PROGRAM
int assembly(int value) {
  int result;
  __asm__("leal " OLD_NEW("1", "2") "(%1,%1), %0" : "=r"(result) : "r"(value));
  __asm__ volatile(OLD_NEW("addl $4, %0", "xorl %%ecx, %%ecx\n\taddl $40, %0\n\taddl %%ecx, %0") : "+r"(result)::"ecx", "cc");
  return result;
}
void memory(int *where) { __asm__ volatile("lock; " OLD_NEW("incl", "decl") " %0" : "+m"(*where)::"memory"); }

static int released;
int releases(void) { return released; }
static void release(int *what) { released += *what; }
#ifdef NEW
static NOINLINE void release_more(int *what) { released += *what * 100; }
#endif
int cleaned(int value) {
  __attribute__((cleanup(release))) int first = value;
  __attribute__((cleanup(OLD_NEW(release, release_more)))) int second = value + 1;
  memory(&second);
  return first + second;
}
__attribute__((destructor)) static void finish(void) { finished = OLD_NEW(1, 2); }
#else

int finished;
static int expected;
__attribute__((destructor(101))) static void after(void) {
  if (finished != expected)
    _exit(1);
}
int main(int argc, char **argv) {
  int value = 5;
  (void)argc;
  CHECK(assembly(3) == 11 && (memory(&value), value) == 6 && cleaned(1) == 4 && releases() == 1 + 3);
  apply(argv[1]);
  CHECK(assembly(3) == 48 && (memory(&value), value) == 5 && cleaned(1) == 2 && releases() == 4 + 1 + 100);
  revert();
  CHECK(assembly(3) == 11 && cleaned(1) == 4 && releases() == 109);
  apply(argv[1]);
  expected = 2;
}
#endif
