// Suspended frames of a coroutine may exist: their layout is the old body's.
// RUN: mkdir -p %t && %wfclangxx -std=c++20 -O2 -c %s -o %t/old.o && %wfclangxx -std=c++20 -O2 -DNEW -c %s -o %t/new.o
// RUN: not %wfdiff %t/old.o %t/new.o -o %t/u.wfp 2>&1 | FileCheck %s
// CHECK: wfdiff: refused: {{.*}}new.o: {{.*}}run(int){{.*}}: is a C++20 coroutine and changed; suspended frames of it may exist
#include <coroutine>
struct Task {
  std::coroutine_handle<> frame;
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
void out(int);
Task run(int x) {
#ifdef NEW
  out(x + 2);
#else
  out(x + 1);
#endif
  co_await std::suspend_always();
  out(x);
}
