// How long the control thread takes to apply an update of ten functions (link, arm, publish), in a fresh process each time:
// a second apply in one process finds its mapping there and is a benchmark of its own.  The time is the runtime's own
// measurement (`apply_us` in status); the wall time of the caller is reported beside it.
//
// The memory of the process must not matter, so it is done with 10 MB and with 4 GB of it resident; and with 10 MB after 4 GB were
// touched and given back, since the kernel's own page faults, caches and free lists (and a virtual machine's host) remember that too.
#include "bench/micro/callees.h"
#include "bench/micro/in_process.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// What apply_once prints: apply_us, settle_us, wall_us.
struct Times {
  double apply_us, settle_us, wall_us;
};

Times apply_in_fresh_process(long resident_mb, long freed_mb) {
  const std::string command = std::string(BENCH_APPLY_ONCE) + " " + std::to_string(resident_mb) + " " + std::to_string(freed_mb) + " " + BENCH_TEN_UPDATE;
  const std::unique_ptr<FILE, int (*)(FILE *)> output(popen(command.c_str(), "r"), pclose);
  Times times;
  if (!output || std::fscanf(output.get(), "%lf %lf %lf", &times.apply_us, &times.settle_us, &times.wall_us) != 3)
    throw std::runtime_error("failed: " + command);
  return times;
}

void first_apply(benchmark::State &state) {
  std::vector<double> apply;
  double settle = 0, wall = 0;
  try {
    for (auto _ : state) {
      const Times times = apply_in_fresh_process(state.range(0), state.range(1));
      state.SetIterationTime(times.apply_us / 1e6);
      settle += times.settle_us;
      wall += times.wall_us;
      apply.push_back(times.apply_us);
    }
  } catch (const std::exception &error) {
    state.SkipWithError(error.what());
    return;
  }
  std::sort(apply.begin(), apply.end());
  state.counters["min_us"] = apply.front();
  state.counters["median_us"] = apply[apply.size() / 2];
  state.counters["max_us"] = apply.back();
  state.counters["settle_us"] = benchmark::Counter(settle, benchmark::Counter::kAvgIterations);
  state.counters["wall_us"] = benchmark::Counter(wall, benchmark::Counter::kAvgIterations);
}

void apply_again(benchmark::State &state) {
  try {
    for (auto _ : state) {
      wfp::bench::apply(BENCH_TEN_UPDATE);
      wfp::bench::wait_until_settled();
      if (ten_version() != 2)
        throw std::runtime_error("the update is not in force");
      state.SetIterationTime(static_cast<double>(wfp::bench::number(wfp::bench::newest_update(), "apply_us")) / 1e6);
      wfp::bench::revert();
      wfp::bench::wait_until_settled();
    }
  } catch (const std::exception &error) {
    state.SkipWithError(error.what());
  }
}

BENCHMARK(first_apply)->Name("apply/first")->ArgNames({"resident_MB", "freed_MB"})->Args({10, 0})->Iterations(50)
    ->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(first_apply)->Name("apply/first")->ArgNames({"resident_MB", "freed_MB"})->Args({4096, 0})->Args({10, 4096})->Iterations(10)
    ->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(apply_again)->Name("apply/again")->Iterations(200)->UseManualTime()->Unit(benchmark::kMicrosecond);

} // namespace
