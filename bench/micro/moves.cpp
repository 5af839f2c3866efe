// What moving a thread costs.
//
// A running thread moves itself at a poll: the benchmark times the loop turn in which the function's version changed, which
// is the whole of it (slow path, stack check, store) plus two clock readings of about 20 ns and whatever missed the cache.
// With a stale word on the stack it walks the frames after the scan: what more it takes, by the number of frames, is the walk.
// Parked threads are moved by the control thread: the time from publishing to settled, divided by their number.
#include "bench/micro/callees.h"
#include "bench/micro/in_process.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// What a scan takes for a return address into the patched function: on a stack with it, every frame is walked.
std::uintptr_t stale_word() { return reinterpret_cast<std::uintptr_t>(&patched_version) + 8; }

// A thread that polls without end at some depth of stack and notes how long each change took.
class Mover {
public:
  Mover(int depth, bool stale) : stale_(stale), thread_([this, depth] { patched_at_depth(depth, &Mover::loop, this); }) {}
  ~Mover() {
    stop_.store(true, std::memory_order_release); // pairs with the load in loop()
    thread_.join();
  }

  int version() const { return version_.load(std::memory_order_acquire); }
  double last_seconds() const { return seconds_.load(std::memory_order_relaxed); } // ordered by version()

private:
  static void loop(void *self) {
    auto &mover = *static_cast<Mover *>(self);
    volatile std::uintptr_t word = mover.stale_ ? stale_word() : 0;
    int seen = patched_version();
    mover.version_.store(seen, std::memory_order_release);
    while (!mover.stop_.load(std::memory_order_acquire)) {
      const auto begin = Clock::now();
      patched_turns(3);
      const auto end = Clock::now();
      const int version = patched_version();
      if (version == seen)
        continue;
      seen = version;
      mover.seconds_.store(std::chrono::duration<double>(end - begin).count(), std::memory_order_relaxed);
      mover.version_.store(version, std::memory_order_release); // pairs with version()
    }
    word = word + 1;
  }

  const bool stale_;
  std::atomic<bool> stop_{false};
  std::atomic<int> version_{0};
  std::atomic<double> seconds_{0};
  std::thread thread_;
};

void wait_for_version(const Mover &mover, int wanted) {
  const auto end = Clock::now() + std::chrono::seconds(10);
  while (mover.version() != wanted) {
    if (Clock::now() > end)
      throw std::runtime_error("the running thread did not change over");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

void move_running(benchmark::State &state, bool stale) {
  std::vector<double> seconds;
  try {
    Mover mover(static_cast<int>(state.range(0)), stale);
    wait_for_version(mover, 1);
    for (auto _ : state) {
      wfp::bench::apply(BENCH_CALLEES_UPDATE);
      wait_for_version(mover, 2);
      state.SetIterationTime(mover.last_seconds());
      seconds.push_back(mover.last_seconds());
      wfp::bench::wait_until_settled();
      wfp::bench::revert();
      wait_for_version(mover, 1);
      wfp::bench::wait_until_settled();
    }
  } catch (const std::exception &error) {
    state.SkipWithError(error.what());
    return;
  }
  std::sort(seconds.begin(), seconds.end());
  state.counters["median_ns"] = seconds[seconds.size() / 2] * 1e9;
  state.counters["p99_ns"] = seconds[seconds.size() * 99 / 100] * 1e9;
}

// Threads that wait in sem_wait, where the control thread moves them without waking them.
class Parked {
public:
  Parked(long count, bool stale) {
    sem_init(&gate_, 0, 0);
    for (long i = 0; i < count; ++i)
      threads_.emplace_back([this, stale] {
        volatile std::uintptr_t word = stale ? stale_word() : 0;
        while (sem_wait(&gate_) != 0) {
        }
        word = word + 1;
      });
  }
  ~Parked() {
    for (std::size_t i = 0; i < threads_.size(); ++i)
      sem_post(&gate_);
    for (std::thread &thread : threads_)
      thread.join();
    sem_destroy(&gate_);
  }

private:
  sem_t gate_;
  std::vector<std::thread> threads_;
};

void move_parked(benchmark::State &state, bool stale) {
  double settle = 0;
  try {
    Parked parked(state.range(0), stale);
    for (auto _ : state) {
      wfp::bench::apply(BENCH_CALLEES_UPDATE);
      wfp::bench::wait_until_settled();
      const auto us = static_cast<double>(wfp::bench::number(wfp::bench::newest_update(), "settle_us"));
      state.SetIterationTime(us / 1e6);
      settle += us;
      wfp::bench::revert();
      wfp::bench::wait_until_settled();
    }
  } catch (const std::exception &error) {
    state.SkipWithError(error.what());
    return;
  }
  state.counters["us_per_thread"] =
      benchmark::Counter(settle / static_cast<double>(state.range(0)), benchmark::Counter::kAvgIterations);
}

BENCHMARK_CAPTURE(move_running, scanned, false)->Name("move/running/frames")->Arg(5)->Arg(20)->Arg(100)->Iterations(200)->UseManualTime();
BENCHMARK_CAPTURE(move_running, walked, true)->Name("move/running-stale-word/frames")->Arg(20)->Arg(100)->Arg(1000)->Iterations(50)->UseManualTime();
BENCHMARK_CAPTURE(move_parked, scanned, false)->Name("move/parked/threads")->Arg(10)->Arg(1000)->Iterations(20)->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(move_parked, walked, true)->Name("move/parked-stale-word/threads")->Arg(1000)->Iterations(20)->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

} // namespace
