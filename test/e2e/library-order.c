// A library whose waits the runtime stands in for, linked before the runtime: the waits are the library's own, and are not seen.  The log
// and `status` say why.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -luring -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: env WFPATCH_LOG=stderr %t/program %t/update.wfp 2>&1 | FileCheck %s
// CHECK: waits in it are not seen, since it stands before libwfpatch.so in the order of libraries: {{.*}}liburing.so.2

#define _GNU_SOURCE
#include "Inputs/harness.h"

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

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int begun;
static int ends[2];

static void *waiter(void *shared) {
  struct io_uring *ring = shared;
  struct io_uring_cqe *done;
  char byte;
  io_uring_prep_read(io_uring_get_sqe(ring), ends[0], &byte, 1, 0);
  CHECK(version() == 1 && io_uring_submit(ring) == 1);
  begun = 1;
  CHECK(io_uring_wait_cqe(ring, &done) == 0 && done->res == 1);
  nap();
  CHECK(version() == 2);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t thread;
  struct io_uring ring;
  CHECK(argc == 2 && pipe(ends) == 0);
  int error = io_uring_queue_init(4, &ring, 0);
  if (error == -EPERM || error == -ENOSYS) { // disabled on this machine
    fprintf(stderr, "no io_uring here: %s\n", strerror(-error));
    return 0;
  }
  CHECK(pthread_create(&thread, NULL, waiter, &ring) == 0);
  WAIT_UNTIL(begun);
  apply_now(argv[1]);
  WAIT_UNTIL(strstr(status(), "held_by=(waits in io_uring_enter(2), unseen by the runtime: link libwfpatch.so before "));
  CHECK(!settled());
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(pthread_join(thread, NULL) == 0);
  WAIT_UNTIL(settled());
  return 0;
}
#endif
