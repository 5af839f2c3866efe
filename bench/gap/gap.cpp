// The longest pause that a spinning thread sees while another CPU updates the code that it runs.
//
// A spinner, alone on its CPU, calls patched functions and reads the clock without end; a pause is the time between two
// readings.  On the other CPU the control thread applies and reverts an update in turn, while as many burners as asked for
// compete for that CPU: a control thread that is preempted in the midst of arming must not stall the spinner, which is what
// replacing text by mmap does (up to 200 ms at nice 19: docs/design.md).
//
// A virtual machine has pauses of its own, so the modes alternate in short rounds and the pauses without updates stand
// beside those with: none, updates at nice 0, updates at nice 19.
#include "bench/latency_histogram.h"
#include "bench/micro/callees.h"
#include "bench/micro/in_process.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Mode {
  const char *name;
  bool updates;
  int nice;
};
constexpr std::array<Mode, 3> kModes = {{{"none", false, 0}, {"nice 0", true, 0}, {"nice 19", true, 19}}};
constexpr unsigned kSpinnerCpu = 1, kUpdaterCpu = 0;

void pin(pid_t tid, unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(tid, sizeof set, &set) != 0)
    throw std::runtime_error("cannot pin a thread to CPU " + std::to_string(cpu));
}

// The runtime names its control thread so.
pid_t control_thread() {
  for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name == "wfpatch")
      return std::stoi(task.path().filename());
  }
  throw std::runtime_error("no control thread among this process's tasks");
}

struct Pauses {
  wfp::bench::LatencyHistogram all;
  std::uint64_t over_100_us = 0, over_1_ms = 0;
  std::uint64_t updates = 0;
};

// Measures only between begin() and end(), so that the changes from mode to mode do not count.
class Spinner {
public:
  Spinner() : thread_([this] { spin(); }) {}
  ~Spinner() {
    stop_.store(true, std::memory_order_relaxed); // nothing is published by it
    thread_.join();
  }

  // Not to be used while a measurement is on: target changes hands by the release stores and acquire loads.
  void begin(Pauses &pauses) {
    target_.store(&pauses, std::memory_order_release); // pairs with the load in spin()
  }
  void end() {
    target_.store(nullptr, std::memory_order_release);
    const std::uint64_t turn = turns_.load(std::memory_order_acquire);
    while (turns_.load(std::memory_order_acquire) < turn + 2) // the spinner has seen it
      std::this_thread::sleep_for(std::chrono::microseconds(10));
  }

private:
  void spin() {
    pin(0, kSpinnerCpu);
    Pauses *measured = nullptr;
    auto last = Clock::now();
    long x = 1;
    while (!stop_.load(std::memory_order_relaxed)) {
      for (int i = 0; i < 4; ++i)
        x = ten_all(x & 0xff);
      patched_turns(2); // a poll
      const auto now = Clock::now();
      Pauses *target = target_.load(std::memory_order_acquire);
      if (target && target == measured)
        note(*target, (now - last).count());
      measured = target;
      last = now;
      turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release); // pairs with end()
    }
    kept_ = x;
  }
  static void note(Pauses &pauses, std::int64_t ns) {
    pauses.all.record(ns);
    pauses.over_100_us += ns > 100'000;
    pauses.over_1_ms += ns > 1'000'000;
  }

  std::atomic<bool> stop_{false};
  std::atomic<Pauses *> target_{nullptr};
  std::atomic<std::uint64_t> turns_{0};
  volatile long kept_ = 0;
  std::thread thread_;
};

// Competes with the control thread for its CPU; polls, so that it changes over too.
class Burner {
public:
  Burner() : thread_([this] {
      pin(0, kUpdaterCpu);
      while (!stop_.load(std::memory_order_relaxed))
        patched_turns(1000);
    }) {}
  ~Burner() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void measure(const Mode &mode, pid_t control, std::chrono::duration<double> length, Spinner &spinner, Pauses &pauses) {
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(control), mode.nice) != 0)
    throw std::runtime_error("cannot set the control thread's nice value (needs root to go back to 0)");
  spinner.begin(pauses);
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(length);
  while (Clock::now() < end) {
    if (!mode.updates) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    wfp::bench::apply(BENCH_TEN_UPDATE);
    wfp::bench::revert();
    pauses.updates += 2;
  }
  spinner.end();
  wfp::bench::wait_until_settled();
}

nlohmann::json report(const Mode &mode, const Pauses &pauses) {
  return {{"mode", mode.name},
          {"updates", pauses.updates},
          {"turns", pauses.all.count()},
          {"max_us", pauses.all.max_us()},
          {"p9999_us", pauses.all.quantile_us(0.9999)},
          {"p999999_us", pauses.all.quantile_us(0.999999)},
          {"over_100_us", pauses.over_100_us},
          {"over_1_ms", pauses.over_1_ms}};
}

int run(int rounds, double seconds, int burners, const std::string &json) {
  if (std::thread::hardware_concurrency() < 2)
    throw std::runtime_error("needs two CPUs");
  const pid_t control = control_thread();
  pin(control, kUpdaterCpu);
  std::array<Pauses, kModes.size()> pauses;
  {
    Spinner spinner;
    std::vector<std::unique_ptr<Burner>> burning;
    for (int i = 0; i < burners; ++i)
      burning.push_back(std::make_unique<Burner>());
    pin(0, kUpdaterCpu); // this thread, last: threads inherit it
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < kModes.size(); ++i)
        measure(kModes[i], control, std::chrono::duration<double>(seconds), spinner, pauses[i]);
  }
  nlohmann::json all = nlohmann::json::array();
  std::printf("%-8s %9s %12s %10s %12s %12s %9s %7s\n", "updates", "number", "turns", "max us", "p99.99 us", "p99.9999 us",
              ">100 us", ">1 ms");
  for (std::size_t i = 0; i < kModes.size(); ++i) {
    const nlohmann::json row = report(kModes[i], pauses[i]);
    std::printf("%-8s %9llu %12llu %10.1f %12.1f %12.1f %9llu %7llu\n", kModes[i].name,
                static_cast<unsigned long long>(pauses[i].updates), static_cast<unsigned long long>(pauses[i].all.count()),
                pauses[i].all.max_us(), pauses[i].all.quantile_us(0.9999), pauses[i].all.quantile_us(0.999999),
                static_cast<unsigned long long>(pauses[i].over_100_us), static_cast<unsigned long long>(pauses[i].over_1_ms));
    all.push_back(row);
  }
  if (!json.empty() && !(std::ofstream(json) << all.dump(2) << "\n").flush())
    throw std::runtime_error("cannot write " + json);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  int rounds = 10, burners = 2;
  double seconds = 2;
  std::string json;
  CLI::App app{"The longest pause of a spinning thread while another CPU updates its code"};
  app.add_option("--rounds", rounds, "rounds of all modes in turn")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", seconds, "seconds a mode and round")->check(CLI::Range(0.01, 60.0));
  app.add_option("--burners", burners, "threads that compete with the control thread for its CPU")->check(CLI::Range(0, 64));
  app.add_option("--json", json, "file for the figures");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(rounds, seconds, burners, json);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "gap: %s\n", error.what());
    return 1;
  }
}
