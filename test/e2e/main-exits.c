// A program whose initial thread has ended (pthread_exit in main) and one of a single thread.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp threads
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <sys/single_threaded.h>

int version(void);

#ifndef PROGRAM
int version(void) {
#ifdef NEW
  int value = 2;
#else
  int value = 1;
#endif
  __asm__ volatile("" : "+r"(value));
  return value;
}
#else

static void updates(const char *update) {
  CHECK(version() == 1);
  apply(update);
  CHECK(version() == 2);
  revert();
  CHECK(version() == 1);
}

static void *thread(void *update) {
  usleep(20000); // let main() end
  updates(update);
  exit(0);
}

int main(int argc, char **argv) {
  if (argc == 2) {
    // glibc keeps its fast paths of single-threaded programs: it does not know the control thread.
    CHECK(__libc_single_threaded);
    updates(argv[1]);
    CHECK(__libc_single_threaded);
    return 0;
  }
  pthread_t made;
  CHECK(pthread_create(&made, NULL, thread, argv[1]) == 0);
  pthread_exit(NULL);
}
#endif
