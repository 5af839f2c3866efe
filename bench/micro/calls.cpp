// What a call and a loop turn cost: plain, with an idle sled, through a gate while an update moves, and settled.
//
// The benchmarks of the idle sled are registered first, before anything was armed; call/reverted shows that a revert to the
// original body leaves the function as it was.  "Moving" is made to last by a thread in code that never polls nor parks: it is legal, holds back nothing but the
// settling, and so keeps the gates in dispatch for as long as it lives.
#include "bench/micro/callees.h"
#include "bench/micro/in_process.h"

#include <benchmark/benchmark.h>

#include <atomic>
#include <exception>
#include <immintrin.h>
#include <memory>
#include <thread>

namespace {

constexpr long kCalls = 10'000;

void report_per_call(benchmark::State &state) {
  state.counters["ns_per_call"] = benchmark::Counter(static_cast<double>(state.iterations()) * kCalls / 1e9,
                                                     benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <long (*drive)(long)> void measure_calls(benchmark::State &state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(drive(kCalls));
  report_per_call(state);
}

template <void (*turns)(long)> void measure_turns(benchmark::State &state) {
  for (auto _ : state)
    turns(kCalls);
  report_per_call(state);
}

// A thread that can be neither seen quiescent nor moved, until this goes.
class Straggler {
public:
  Straggler() : thread_([this] { spin(); }) {
    while (!running_.load(std::memory_order_acquire))
      _mm_pause();
  }
  ~Straggler() {
    stop_.store(true, std::memory_order_release); // pairs with the load in spin()
    thread_.join();
  }

private:
  void spin() {
    running_.store(true, std::memory_order_release); // pairs with the load in the constructor
    while (!stop_.load(std::memory_order_acquire))
      _mm_pause();
  }
  std::atomic<bool> running_{false}, stop_{false};
  std::thread thread_;
};

// Brings this thread and the gates into the wanted state, measures, and checks that the state was what it should be.
void measure_updated(benchmark::State &state, bool settled) {
  try {
    auto straggler = settled ? nullptr : std::make_unique<Straggler>();
    wfp::bench::apply(BENCH_CALLEES_UPDATE);
    if (settled)
      wfp::bench::wait_until_settled();
    patched_turns(100); // polls: this thread changes over here at the latest
    const std::string wanted = settled ? "settled" : "moving";
    if (patched_version() != 2)
      state.SkipWithError("this thread did not change over");
    else
      measure_calls<drive_patched_step>(state);
    if (wfp::bench::newest_update().at("state") != wanted)
      state.SkipWithError(("the update was not " + wanted).c_str());
    straggler.reset();
    wfp::bench::revert();
    wfp::bench::wait_until_settled();
  } catch (const std::exception &error) {
    state.SkipWithError(error.what());
  }
}

BENCHMARK(measure_calls<drive_plain_step>)->Name("call/plain");
BENCHMARK(measure_calls<drive_patched_step>)->Name("call/sled");
BENCHMARK(measure_turns<plain_turns>)->Name("loop/plain");
BENCHMARK(measure_turns<patched_turns>)->Name("loop/poll");
BENCHMARK_CAPTURE(measure_updated, , false)->Name("call/moving");
BENCHMARK_CAPTURE(measure_updated, , true)->Name("call/settled");
BENCHMARK(measure_calls<drive_patched_step>)->Name("call/reverted");
BENCHMARK(measure_turns<patched_turns>)->Name("loop/poll-reverted");

} // namespace
