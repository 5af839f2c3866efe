// Threads that wait for completions through liburing are moved without being woken, and the calls' results are liburing's; also where
// the library came by dlopen(RTLD_LOCAL), out of the reach of RTLD_NEXT.  The kernel's worker threads hold nothing.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread -luring
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp
//
// RUN: %wfclang -O2 -fPIC -shared -DLIBRARY %s -o %t/library.so -luring
// RUN: %clang -I%root/runtime/include -DLOADS -O2 %s -o %t/loads %runtime
// RUN: %t/loads %t/library.so

#define _GNU_SOURCE
#include "Inputs/harness.h"

#ifdef LOADS
#include <dlfcn.h>
int main(int argc, char **argv) {
  CHECK(argc == 2);
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK(library);
  int (*wait_for_nothing)(void) = (int (*)(void))dlsym(library, "wait_for_nothing");
  CHECK(wait_for_nothing && wait_for_nothing() == -ETIME);
  CHECK(!dlerror());
  return 0;
}
#else
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#if defined(PROGRAM) || defined(LIBRARY)
// -ETIME, also where there is no io_uring.
int wait_for_nothing(void) {
  struct io_uring ring;
  struct io_uring_cqe *done;
  struct __kernel_timespec time = {0, 1000000};
  int error = io_uring_queue_init(4, &ring, 0);
  if (error)
    return error == -EPERM || error == -ENOSYS ? -ETIME : error;
  error = io_uring_wait_cqe_timeout(&ring, &done, &time);
  io_uring_queue_exit(&ring);
  return error;
}
#endif

int version(void);

#if !defined(PROGRAM) && !defined(LIBRARY)
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#elif defined(PROGRAM)

static int ends[4][2];
static atomic_int waiting, tids[4];

static int by_wait(struct io_uring *r, struct io_uring_cqe **c) { io_uring_submit(r); return io_uring_wait_cqe(r, c); }
static int by_wait_timeout(struct io_uring *r, struct io_uring_cqe **c) {
  struct __kernel_timespec minute = {60, 0};
  io_uring_submit(r);
  return io_uring_wait_cqe_timeout(r, c, &minute);
}
static int by_submit_and_wait(struct io_uring *r, struct io_uring_cqe **c) { return io_uring_submit_and_wait(r, 1) < 0 ? -1 : io_uring_peek_cqe(r, c); }
static int by_enter(struct io_uring *r, struct io_uring_cqe **c) {
  io_uring_submit(r);
  return io_uring_enter((unsigned)r->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL) < 0 ? -1 : io_uring_peek_cqe(r, c);
}
static int (*const waits[])(struct io_uring *, struct io_uring_cqe **) = {by_wait, by_wait_timeout, by_submit_and_wait, by_enter};

static void *waiter(void *index) {
  long i = (long)index;
  char byte;
  struct io_uring ring;
  struct io_uring_cqe *done;
  CHECK(io_uring_queue_init(4, &ring, 0) == 0);
  struct io_uring_sqe *request = io_uring_get_sqe(&ring);
  io_uring_prep_read(request, ends[i][0], &byte, 1, 0);
  request->flags |= IOSQE_ASYNC; // by a worker thread of the kernel's
  CHECK(version() == 1);
  tids[i] = (int)syscall(SYS_gettid);
  ++waiting;
  CHECK(waits[i](&ring, &done) == 0 && done->res == 1);
  CHECK(version() == 2);
  io_uring_queue_exit(&ring);
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  CHECK(wait_for_nothing() == -ETIME);
  struct io_uring ring;
  int error = io_uring_queue_init(4, &ring, 0);
  if (error == -EPERM || error == -ENOSYS) { // disabled on this machine
    fprintf(stderr, "no io_uring here: %s\n", strerror(-error));
    return 0;
  }
  io_uring_queue_exit(&ring);
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i)
    CHECK(pipe(ends[i]) == 0 && pthread_create(&threads[i], NULL, waiter, (void *)i) == 0);
  WAIT_UNTIL(waiting == 4);
  apply(argv[1]);
  for (int i = 0; i < 4; ++i)
    CHECK(write(ends[i][1], "x", 1) == 1);
  for (int i = 0; i < 4; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}
#endif
#endif
