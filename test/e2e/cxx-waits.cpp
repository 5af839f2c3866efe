// Threads in the C++ library's waits are moved without being woken: the waits end in interposed functions or in syscall().
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclangxx -std=c++20 -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclangxx -std=c++20 -O2 -c %s -o %t/old/unit.o && %wfclangxx -std=c++20 -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clangxx %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"

int version();

#ifndef PROGRAM
int version() {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <functional>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <vector>

int main(int argc, char **argv) {
  CHECK(argc == 2);
  std::atomic<int> word{0}, begun{0};
  std::counting_semaphore<> semaphore(0);
  std::latch latch(1);
  std::barrier barrier(2);
  std::mutex mutex, held;
  std::shared_mutex shared;
  std::condition_variable condition;
  std::condition_variable_any any;
  bool ready = false;
  std::promise<void> promise;
  std::shared_future<void> future = promise.get_future().share();
  held.lock();
  shared.lock();

  std::vector<std::function<void(std::stop_token)>> waits = {
      [&](std::stop_token) { word.wait(0); },
      [&](std::stop_token) { semaphore.acquire(); },
      [&](std::stop_token) { CHECK(semaphore.try_acquire_for(std::chrono::minutes(1))); },
      [&](std::stop_token) { latch.wait(); },
      [&](std::stop_token) { barrier.arrive_and_wait(); },
      [&](std::stop_token) { std::lock_guard lock(held); },
      [&](std::stop_token) { std::shared_lock lock(shared); },
      [&](std::stop_token) { std::unique_lock lock(mutex); condition.wait(lock, [&] { return ready; }); },
      [&](std::stop_token) { std::unique_lock lock(mutex); CHECK(condition.wait_for(lock, std::chrono::minutes(1), [&] { return ready; })); },
      [&](std::stop_token stop) { std::unique_lock lock(mutex); any.wait(lock, stop, [&] { return ready; }); },
      [&](std::stop_token) { future.wait(); },
      [&](std::stop_token) { CHECK(future.wait_for(std::chrono::minutes(1)) == std::future_status::ready); },
  };
  std::vector<std::jthread> threads;
  for (auto &wait : waits)
    threads.emplace_back([&](std::stop_token stop) {
      CHECK(version() == 1);
      ++begun;
      wait(stop);
      CHECK(version() == 2);
    });
  std::future<int> result = std::async(std::launch::async, [&] { ++begun; future.wait(); return version(); });
  WAIT_UNTIL(begun == static_cast<int>(waits.size()) + 1);

  apply(argv[1]); // settles: nobody was left behind

  word = 1;
  word.notify_all();
  semaphore.release(2);
  latch.count_down();
  (void)barrier.arrive();
  held.unlock();
  shared.unlock();
  promise.set_value();
  {
    std::lock_guard lock(mutex);
    ready = true;
  }
  condition.notify_all();
  any.notify_all();
  CHECK(result.get() == 2);
  threads.clear();
  return 0;
}
#endif
