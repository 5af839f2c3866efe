// An event loop of C++, built with event-loops=outline: the update's body throws, catches and destroys, and what it does not
// catch passes through the old function that stays on the stack, where what the turns share is destroyed once.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: %wfclangxx -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for O in O0 "O2 -g"; do rm -rf %t/1 %t/2 && mkdir -p %t/1 %t/2 || exit 1; \
// RUN:   for V in 1 2; do %wfclangxx -$O -fplugin-arg-wfpatch-event-loops=outline -DVERSION=$V -c %s -o %t/$V/unit.o || exit 1; done; \
// RUN:   %clangxx %t/program.o %t/1/unit.o -o %t/program %runtime -pthread && \
// RUN:   %wfdiff %t/1 %t/2 -o %t/update.wfp > %t/out 2>&1 && FileCheck %s --implicit-check-not=warning < %t/out && \
// RUN:   %t/program %t/update.wfp || exit 1; done
// CHECK-NOT: function serve(int){{$}}
// CHECK: replaced function serve(int){{.*}}loop.h
// CHECK: 0 removed

#include "Inputs/harness.h"
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>

struct Answer {
  int version, destroyed, requests;
};
extern int destroyed;
void serve(int socket);

#ifndef PROGRAM
namespace {
struct Counted {
  std::string text = "a string that is too long to be anywhere else than in the heap";
  ~Counted() { destroyed += text.size() > 20; }
};
struct Problem : std::runtime_error {
  using std::runtime_error::runtime_error;
};
__attribute__((noinline)) void check(char request, int version) {
  Counted here;
  if (request == 't')
    throw Problem(std::to_string(version));
  if (request == 'x')
    throw std::logic_error(std::to_string(version));
}
} // namespace

void serve(int socket) {
  Counted all;
  int requests = 0;
  for (;;) {
    Counted turn;
    char request;
    if (recv(socket, &request, 1, 0) != 1)
      return;
    Answer answer{VERSION, 0, ++requests};
    try {
      check(request, VERSION);
    } catch (const Problem &problem) {
      answer.version = 100 * VERSION + std::stoi(problem.what());
    }
    answer.destroyed = destroyed;
    send(socket, &answer, sizeof(answer), 0);
  }
}
#else

int destroyed;
static int ends[2];

static Answer ask(char request) {
  static int requests;
  Answer answer;
  CHECK(send(ends[0], &request, 1, 0) == 1);
  CHECK(recv(ends[0], &answer, sizeof(answer), MSG_WAITALL) == sizeof(answer));
  CHECK(answer.requests == ++requests);
  CHECK(answer.destroyed == 2 * requests - 1); // of the turns before this one, and what each has called
  return answer;
}

// The loop's thread waits for the next request: not merely parked, as it also is while it sends an answer that has arrived already.
static bool waits_for_request() { return call_of_first_thread() == SYS_recvfrom; }

static void *operate(void *update) {
  CHECK(ask('o').version == 1);
  CHECK(ask('t').version == 101);
  WAIT_UNTIL(waits_for_request());
  apply_now(static_cast<char *>(update));
  WAIT_UNTIL(strstr(status(), "held_by=serve(int)"));
  CHECK(ask('t').version == 101); // this turn began before
  CHECK(ask('t').version == 202);
  CHECK(ask('o').version == 2);
  WAIT_UNTIL(settled());
  CHECK(send(ends[0], "x", 1, 0) == 1);
  return nullptr;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, nullptr, operate, argv[1]) == 0);
  try {
    serve(ends[1]);
    CHECK(!"left without an exception");
  } catch (const std::logic_error &error) {
    CHECK(std::string(error.what()) == "2");
  }
  CHECK(pthread_join(thread, nullptr) == 0);
  CHECK(destroyed == 2 * 6 + 1);
  return 0;
}
#endif
