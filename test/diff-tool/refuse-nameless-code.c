// Code that inline assembly puts where no symbol names it, and that calls: a thread in the call would not be seen to be in the function.
// RUN: mkdir -p %t && %wfclang -O2 -c %s -o %t/old.o && %wfclang -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s --implicit-check-not=refused
// CHECK: wfdiff: refused: {{.*}}new.o: f: leads to .text.slow+0x0, code without a symbol (inline assembly?) that calls: a thread in such a call could not be found
// RUN: %wfclang -O2 -c -DJUMPS %s -o %t/old.o && %wfclang -O2 -DJUMPS -DNEW -c %s -o %t/new.o
// RUN: %wfdiff %t/old.o %t/new.o -o %t/u.wfp
#ifdef NEW
#define VALUE 2
#else
#define VALUE 1
#endif
#ifdef JUMPS
#define SLOW ""
#else
#define SLOW "call slow\n"
#endif
void slow(void);
int f(int x) {
  __asm__ volatile("test %0, %0\n js 1f\n2:\n .pushsection .text.slow,\"ax\"\n1: " SLOW " neg %0\n jmp 2b\n .popsection"
                   : "+b"(x)
                   :
                   : "cc", "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
  return x + VALUE;
}
