// Coroutines that do not change themselves, in a unit that does: frames that are suspended across the update are resumed, and
// call what is current then.
// RUN: %corpus %s %t -std=c++20 -O2 -g
// DIFF: replaced function step(int)
// DIFF: replaced function Task::promise_type::note(int)
#include "Inputs/corpus.h"
#include <coroutine>

struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(int n) {
      note(n);
      return {};
    }
    void return_void() {}
    void unhandled_exception() {}
    void note(int n);
    int value = 0;
  };
  std::coroutine_handle<promise_type> frame;
  int next() {
    frame.resume();
    return frame.promise().value;
  }
};
Task count(int from);

#ifndef PROGRAM
NOINLINE static int step(int n) { return n + OLD_NEW(1, 100); }
NOINLINE void Task::promise_type::note(int n) { value = n * OLD_NEW(1, 10); }
Task count(int from) {
  for (int n = from;; n = step(n))
    co_yield n;
}
#else
int main(int, char **argv) {
  Task suspended = count(0), unstarted = count(50);
  CHECK(suspended.next() == 0 && suspended.next() == 1);
  apply(argv[1]);
  CHECK(suspended.next() == 1010 && unstarted.next() == 500 && count(7).next() == 70);
  revert();
  CHECK(suspended.next() == 102 && unstarted.next() == 51);
  suspended.frame.destroy();
  unstarted.frame.destroy();
}
#endif
