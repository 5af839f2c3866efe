// Polls at work: the program plays the runtime, sets the pending flag and counts who calls.
// RUN: %wfclangxx -O0 %s -o %t && %t | FileCheck %s
// RUN: %wfclangxx -O1 -fPIE -pie %s -o %t && %t | FileCheck %s
// RUN: %wfclangxx -O2 -no-pie %s -o %t && %t | FileCheck %s
// RUN: %wfclangxx -O3 -g -fuse-ld=lld %s -o %t && %t | FileCheck %s
// RUN: %wfclangxx -Os -fcf-protection %s -o %t && %t | FileCheck %s
// RUN: %wfclangxx -O2 -fplugin-arg-wfpatch-quiescence=explicit %s -o %t && %t | FileCheck --check-prefix=EXPLICIT %s
// CHECK: idle: 0 polls, 0 points
// CHECK: loop: 40 polls, 0 points
// CHECK: thrown: 30 polls, 0 points, sum 435
// CHECK: floats: 20 polls, sum 190
// CHECK: points: 0 polls, 5 points
// EXPLICIT: idle: 0 polls, 0 points
// EXPLICIT: loop: 0 polls, 0 points
// EXPLICIT: thrown: 0 polls, 0 points, sum 435
// EXPLICIT: floats: 0 polls, sum 190
// EXPLICIT: points: 0 polls, 5 points
#include <cstdio>
extern "C" void wfp_quiescence_point();

struct State {
  unsigned char pending, reserved[7];
  void (*poll)(), (*point)();
};
extern "C" __attribute__((visibility("hidden"))) struct alignas(64) { unsigned char bytes[64]; } __wfp_image;
static State &state = reinterpret_cast<State &>(__wfp_image);
static volatile int polls, points; // the compiler does not know that polls are calls
extern "C" __attribute__((preserve_most)) void onPoll() { polls = polls + 1; }
extern "C" __attribute__((preserve_most)) void onPoint() { points = points + 1; }

static volatile int sink, twenty = 20;
static __attribute__((noinline)) void step(int i) { sink = i; }
static __attribute__((noinline)) double half(double x) { return x / 2; }
static __attribute__((noinline)) void thrower(int i) { if (i >= 0) throw i; }

// n + 1 turns, so n times back.
static __attribute__((noinline)) void loop(int n) { for (int i = 0;; ++i) { step(i); if (i == n) break; } }
static __attribute__((noinline)) int catches(int n) {
  int sum = 0, i = 0;
  do {
    try {
      thrower(i);
    } catch (int caught) {
      sum += caught;
    }
  } while (i++ != n);
  return sum;
}
static __attribute__((noinline)) double floats(int n) {
  double a = 0, b = 0;
  int i = 0;
  do {
    a += half(i);
    b += half(i);
  } while (i++ != n);
  return a + b;
}
int main() {
  step(1);
  loop(20);
  std::printf("idle: %d polls, %d points\n", polls, points);
  state.poll = reinterpret_cast<void (*)()>(onPoll);
  state.point = reinterpret_cast<void (*)()>(onPoint);
  state.pending = 1;
  loop(40);
  std::printf("loop: %d polls, %d points\n", polls, points);
  polls = 0;
  int sum = catches(30);
  std::printf("thrown: %d polls, %d points, sum %d\n", polls, points, sum - 30);
  polls = 0;
  double total = floats(twenty);
  std::printf("floats: %d polls, sum %g\n", polls, total - 20);
  polls = 0;
  for (int i = 0; i < 5; ++i)
    wfp_quiescence_point();
  std::printf("points: %d polls, %d points\n", polls, points);
}
