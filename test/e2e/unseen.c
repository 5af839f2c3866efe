// Where a thread that does not change over is, `status` says: in a system call that is not interposed, or on a stack that nobody
// has told of.
// The thread changes over once it is back.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

int version(void);

#ifndef PROGRAM
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else

static atomic_int begun, word;
static int ends[2];

static void *in_futex(void *unused) { // inline, as in libgomp
  (void)unused;
  CHECK(version() == 1);
  begun = 1;
  while (!word) {
    long result;
    register long fourth __asm__("r10") = 0;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_futex), "D"(&word), "S"(FUTEX_WAIT_PRIVATE), "d"(0), "r"(fourth) : "rcx", "r11", "memory");
  }
  nap();
  CHECK(version() == 2);
  return NULL;
}

static void coroutine(void) {
  char byte;
  CHECK(version() == 1);
  begun = 1;
  CHECK(read(ends[0], &byte, 1) == 1);
  CHECK(version() == 1);
}
static void *on_own_stack(void *unused) {
  (void)unused;
  static _Alignas(16) char stack[64 * 1024];
  __asm__ volatile("mov %%rsp, %%rbx\n\tmov %0, %%rsp\n\tcall *%1\n\tmov %%rbx, %%rsp"
                   :
                   : "r"(stack + sizeof(stack)), "r"(coroutine)
                   : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
  nap();
  CHECK(version() == 2);
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && pipe(ends) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, in_futex, NULL) == 0);
  WAIT_UNTIL(begun);
  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "held_by=(waits in futex(2), unseen by the runtime)"));
  CHECK(!settled());
  word = 1;
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
  CHECK(pthread_join(thread, NULL) == 0);
  WAIT_UNTIL(settled());
  revert();

  begun = 0;
  CHECK(pthread_create(&thread, NULL, on_own_stack, NULL) == 0);
  WAIT_UNTIL(begun);
  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "held_by=(a stack that the runtime does not know)"));
  CHECK(!settled());
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(pthread_join(thread, NULL) == 0);
  WAIT_UNTIL(settled());
  return 0;
}
#endif
