// The parts of a coroutine say that they are.
// RUN: %wfclangxx -std=c++20 -O2 %s -o %t && %t && %records %t _Z4workv _Z4workv.resume _Z4workv.destroy main | FileCheck %s
// RUN: %wfclangxx -std=c++20 -O0 %s -o %t && %t && %records %t _Z4workv _Z4workv.resume _Z4workv.destroy main | FileCheck %s
// CHECK-DAG: function _Z4workv flags={{.*}}sled,coroutine
// CHECK-DAG: function _Z4workv.resume flags={{.*}}sled,coroutine
// CHECK-DAG: function _Z4workv.destroy flags={{.*}}sled,coroutine
// CHECK-DAG: function main flags=sled size
#include <coroutine>
struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};
volatile int turns;
__attribute__((noinline)) Task work() {
  for (;;) {
    ++turns;
    co_await std::suspend_always{};
  }
}
int main() {
  Task t = work();
  t.handle.resume();
  t.handle.resume();
  t.handle.destroy();
  return turns != 2;
}
