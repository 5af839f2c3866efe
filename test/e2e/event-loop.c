// A server's main thread sits in `for (;;) { epoll_wait(); handle(); }` and never leaves that function.  Built with
// event-loops=outline, a fix inside the loop reaches it at its next turn; what the turns share is kept, also by a second
// update on top of the first and when that is reverted.  Where a change alters the variables that the turns share, the
// function itself is replaced: wfdiff says so, and the thread stays in its version, named by status.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for O in O0 O2 "O3 -g"; do rm -rf %t/1 %t/2 %t/3 %t/4 && mkdir -p %t/1 %t/2 %t/3 %t/4 || exit 1; \
// RUN:   for V in 1 2 3 4; do %wfclang -$O -fplugin-arg-wfpatch-event-loops=outline -DVERSION=$V -c %s -o %t/$V/unit.o || exit 1; done; \
// RUN:   %clang %t/program.o %t/1/unit.o -o %t/program %runtime -pthread && \
// RUN:   %wfdiff %t/1 %t/2 -o %t/first.wfp > %t/out 2>&1 && FileCheck %s --implicit-check-not=warning < %t/out && \
// RUN:   %wfdiff %t/2 %t/3 -o %t/second.wfp && \
// RUN:   %wfdiff %t/1 %t/4 -o %t/frame.wfp --explain > %t/out 2>&1 && FileCheck %s --check-prefix=FRAME < %t/out && \
// RUN:   %t/program %t/first.wfp %t/second.wfp && %t/program %t/frame.wfp || exit 1; done
// CHECK-NOT: function serve{{$}}
// CHECK: replaced function serve.loop.h
// CHECK: 1 replaced, {{.*}} 0 removed
// FRAME: warning: {{.*}}: serve: is replaced and holds a loop without an exit: a thread inside it keeps the old version for ever, unless --allow-active serve lets it finish there in old code; its loop's body is a function of its own, but this change is outside of it, or to the variables that the turns share
// FRAME-DAG: replaced function serve:
// FRAME-DAG: note: it holds a loop without an exit
// FRAME-DAG: added function serve.loop.h
// FRAME-DAG: removed function serve.loop.h
//
// Without the option the first update is such a change too.
// RUN: for V in 1 2; do %wfclang -O2 -DVERSION=$V -c %s -o %t/$V/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/1 %t/2 -o %t/kept.wfp 2>&1 | FileCheck %s --check-prefix=KEPT
// RUN: %t/program %t/kept.wfp
// KEPT: warning: {{.*}}: serve: is replaced and holds a loop without an exit: {{.*}}; in a program built with -fplugin-arg-wfpatch-event-loops=outline, a change inside the loop reaches it at the next turn

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

// What the server tells about itself with each answer.
struct answer {
  int version;
  long turn;            // how many requests it has answered: a variable that the turns share
  long sum;             // of all requests, in an object whose address others have
  const void *where;    // its address
  int greeting;         // a parameter that only later versions use
};
void serve(int epoll, int socket, int greeting);

#ifndef PROGRAM
struct history {
  long sum;
  unsigned char last[8];
};
__attribute__((noinline)) static void remember(struct history *h, unsigned char request) {
  h->last[h->sum % 8] = request;
  h->sum += request;
}

void serve(int epoll, int socket, int greeting) {
  struct history history = {0};
  long turn = 0;
#if VERSION == 4
  long sum = 0;
#endif
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) != 1)
      continue;
    unsigned char request;
    if (recv(socket, &request, 1, 0) != 1)
      _exit(0);
    remember(&history, request);
    struct answer answer = {VERSION, ++turn, history.sum, &history, 0};
#if VERSION >= 2
    answer.greeting = greeting;
#endif
#if VERSION == 4
    answer.sum = sum += request;
#endif
    if (send(socket, &answer, sizeof(answer), 0) != sizeof(answer))
      _exit(1);
  }
}
#else

static int ends[2];
static struct answer last;

// One request; true if version answered it and nothing was lost.
static int answered_by(int version) {
  static long turn, sum;
  unsigned char request = 40 + turn % 3;
  const void *where = last.where;
  CHECK(send(ends[0], &request, 1, 0) == 1);
  CHECK(recv(ends[0], &last, sizeof(last), MSG_WAITALL) == sizeof(last));
  CHECK(last.turn == ++turn);
  CHECK(last.sum == (sum += request));
  CHECK(!where || last.where == where);
  CHECK(last.greeting == (last.version >= 2 ? 4711 : 0));
  return last.version == version;
}

// The loop's thread waits for the next request: not merely parked, as it also is while it sends an answer that has arrived already.
static int waits_for_request(void) {
  const long call = call_of_first_thread();
  return call == SYS_epoll_wait || call == SYS_epoll_pwait;
}

static void apply_to_waiting(const char *path) {
  WAIT_UNTIL(waits_for_request());
  apply_now(path);
}

// The thread waits in the middle of a turn, which ends in the version that it began in.
static void reaches(int before, int after) {
  WAIT_UNTIL(strstr(status(), "held_by=serve.loop.h"));
  CHECK(!settled());
  CHECK(answered_by(before));
  CHECK(answered_by(after));
  WAIT_UNTIL(settled());
  CHECK(!strstr(status(), "held_by=serve"));
  CHECK(answered_by(after));
}

static void *operate(void *argument) {
  char **argv = argument;
  CHECK(answered_by(1));
  apply_to_waiting(argv[1]);
  if (argv[2]) {
    reaches(1, 2);
    apply_to_waiting(argv[2]);
    reaches(2, 3);
    WAIT_UNTIL(waits_for_request());
    revert_now();
    reaches(3, 2);
    apply_to_waiting(argv[2]);
    reaches(2, 3);
  } else { // held for ever, and at work
    WAIT_UNTIL(strstr(status(), "held_by=serve"));
    for (int i = 0; i < 3; ++i)
      CHECK(answered_by(1));
    WAIT_UNTIL(strstr(status(), "held_by=serve"));
    CHECK(!settled());
  }
  _exit(0);
}

int main(int argc, char **argv) {
  CHECK(argc >= 2);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  int epoll = epoll_create1(0);
  struct epoll_event interest = {.events = EPOLLIN};
  CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &interest) == 0);
  pthread_t operator;
  CHECK(pthread_create(&operator, NULL, operate, argv) == 0);
  serve(epoll, ends[1], 4711);
}
#endif
