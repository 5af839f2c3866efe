// Threads that live as long as the run: busy, spinning, parked in every way, in exceptions, in coroutines, with a library that comes
// and goes.
#include "harness.h"

#include <condition_variable>
#include <deque>
#include <dlfcn.h>
#include <functional>
#include <linux/futex.h>
#include <mutex>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <ucontext.h>
#include <vector>
#include <wfpatch/wfpatch.h>

namespace soak {

namespace {

timespec microseconds(unsigned us) { return {0, static_cast<long>(us) * 1000}; }

timespec deadline_in(unsigned us) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  now.tv_nsec += static_cast<long>(us) * 1000;
  if (now.tv_nsec >= 1'000'000'000) {
    now.tv_nsec -= 1'000'000'000;
    ++now.tv_sec;
  }
  return now;
}

void sleep_shortly() {
  timespec time = microseconds(50);
  nanosleep(&time, nullptr);
}
void spin_shortly() {
  for (volatile int i = 0; i < 300; i = i + 1)
    ;
}
void poll_nothing() { poll(nullptr, 0, 1); }
void yield_shortly() { std::this_thread::yield(); }

thread_local int own_event = -1;
int event_of_this_thread() {
  if (own_event < 0)
    own_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return own_event;
}
struct CloseEvent {
  ~CloseEvent() {
    if (own_event >= 0)
      close(own_event);
    own_event = -1;
  }
};

void wait_for_condition(unsigned us) {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, std::chrono::microseconds(us));
}

void wait_for_semaphore(unsigned us) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  timespec deadline = deadline_in(us);
  sem_timedwait(&semaphore, &deadline);
  sem_destroy(&semaphore);
}

void wait_for_select(unsigned us) {
  timeval time{0, static_cast<suseconds_t>(us)};
  select(0, nullptr, nullptr, nullptr, &time);
}

void wait_for_event() {
  thread_local CloseEvent at_end;
  (void)&at_end;
  eventfd_t value;
  (void)!read(event_of_this_thread(), &value, sizeof(value)); // EAGAIN: parked for the time of a system call
}

// A wait that the runtime does not know, between the brackets for such.
void wait_for_futex(unsigned us) {
  unsigned word = 0;
  timespec time = microseconds(us);
  void *park = wfp_park_begin();
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &time, nullptr, 0);
  wfp_park_end(park);
}

} // namespace

void random_wait(Random &random, bool in_handler) {
  unsigned us = 1 + random.below(120);
  timespec time = microseconds(us);
  switch (random.below(in_handler ? 3 : 10)) {
  case 0: nanosleep(&time, nullptr); break;
  case 1: ppoll(nullptr, 0, &time, nullptr); break;
  case 2: wait_for_select(us); break;
  case 3: usleep(us); break;
  case 4: clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr); break;
  case 5: wait_for_condition(us); break;
  case 6: wait_for_semaphore(us); break;
  case 7: wait_for_event(); break;
  case 8: wait_for_futex(us); break;
  case 9: std::this_thread::sleep_for(std::chrono::microseconds(us)); break;
  }
}

SoakAction *random_action(Random &random) {
  static SoakAction *const actions[] = {nullptr, nullptr, spin_shortly, sleep_shortly, poll_nothing, yield_shortly};
  return actions[random.below(sizeof(actions) / sizeof(actions[0]))];
}

void random_activation(Kind &kind, Random &random, SoakAction *inside) {
  switch (random.below(5)) {
  case 0: return checked(kind, kChain, [&] { return chain_version(inside); });
  case 1: return checked(kind, kChain, [&] { return chain_deep_version(static_cast<int>(random.below(100)), inside); });
  case 2: return checked(kind, kObjects, [&] { return objects_version(inside); });
  case 3: return checked(kind, kObjects, [&] { return objects_throwing_version(static_cast<int>(random.below(20)), inside); });
  case 4: return checked(kind, kSpan, [&] { return span_version(inside); });
  }
}

namespace {

// ---- running threads

void busy(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed))
    random_activation(kind, random, random.one_in(32) ? spin_shortly : nullptr);
}

void parks(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    random_activation(kind, random, nullptr);
    random_wait(random, false);
    random_activation(kind, random, random_action(random));
  }
}

void deep(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    int depth = static_cast<int>(random.below(2000));
    checked(kind, kChain, [&] { return chain_deep_version(depth, random_action(random)); });
    random_wait(random, false);
  }
}

void trusts(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    random_activation(kind, random, nullptr);
    wfp_quiescence_point(); // nothing of the patched units is active here
  }
}

// Two threads that pass a byte to and fro: parked for microseconds only, as the workers of a saturated event loop.
int ping[2] = {-1, -1};
std::atomic<int> ping_sides{0};
void passes(Kind &kind, Random random) {
  int side = ping_sides.fetch_add(1) & 1;
  char byte = 0;
  if (side == 0)
    (void)!write(ping[0], &byte, 1);
  while (!stop.load(std::memory_order_relaxed)) {
    pollfd entry{ping[side], POLLIN, 0};
    if (poll(&entry, 1, 20) == 1 && read(ping[side], &byte, 1) == 1) {
      random_activation(kind, random, nullptr);
      (void)!write(ping[side], &byte, 1);
    }
  }
}

// Spins on an atomic until another thread has changed it: only the loop's poll can move this thread.
std::atomic<unsigned> turn{0};
std::atomic<unsigned> spinners{0};
void spins(Kind &kind, Random random) {
  unsigned own = spinners.fetch_add(1) & 1;
  while (!stop.load(std::memory_order_relaxed)) {
    while ((turn.load(std::memory_order_acquire) & 1) != own && !stop.load(std::memory_order_relaxed))
      ;
    random_activation(kind, random, nullptr);
    turn.fetch_add(1, std::memory_order_release);
    sleep_shortly(); // leaves the processor to the other one
  }
}

// A patched function as a callback of libc, which knows nothing of it.
void sorts(Kind &kind, Random random) {
  static Kind *own;
  own = &kind;
  while (!stop.load(std::memory_order_relaxed)) {
    int values[16];
    for (int &value : values)
      value = static_cast<int>(random.below(1000));
    std::qsort(values, 16, sizeof(int), [](const void *a, const void *b) {
      checked(*own, kChain, [] { return chain_version(nullptr); });
      return *static_cast<const int *>(a) - *static_cast<const int *>(b);
    });
    random_wait(random, false);
  }
}

// ---- a pool: tasks through a queue

std::mutex pool_mutex;
std::condition_variable pool_work;
std::deque<std::function<void(Kind &, Random &)>> pool_queue;

void pool_worker(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    std::function<void(Kind &, Random &)> task;
    {
      std::unique_lock lock(pool_mutex);
      if (!pool_work.wait_for(lock, std::chrono::milliseconds(20), [] { return !pool_queue.empty(); }))
        continue;
      task = std::move(pool_queue.front());
      pool_queue.pop_front();
    }
    task(kind, random);
  }
}

void pool_producer(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    {
      std::lock_guard lock(pool_mutex);
      if (pool_queue.size() < 64)
        pool_queue.emplace_back([](Kind &of_worker, Random &choice) { random_activation(of_worker, choice, random_action(choice)); });
    }
    pool_work.notify_one();
    random_activation(kind, random, nullptr);
    random_wait(random, false);
  }
}

// ---- coroutines: activations that end before the context is switched; the thread comes back to its own stack each time

struct Coroutines {
  Kind *kind;
  Random *random;
  ucontext_t main, other;
};
thread_local Coroutines coroutines;

void to_main() { swapcontext(&coroutines.other, &coroutines.main); }

// Suspended now in the middle of an activation, now between two.
void coroutine() {
  for (;;) {
    Coroutines &own = coroutines;
    random_activation(*own.kind, *own.random, own.random->one_in(2) ? to_main : random_action(*own.random));
    to_main();
  }
}

void switches(Kind &kind, Random random) {
  std::vector<char> stack(256 * 1024);
  coroutines.kind = &kind;
  coroutines.random = &random;
  getcontext(&coroutines.other);
  coroutines.other.uc_stack.ss_sp = stack.data();
  coroutines.other.uc_stack.ss_size = stack.size();
  coroutines.other.uc_link = nullptr;
  makecontext(&coroutines.other, coroutine, 0);
  while (!stop.load(std::memory_order_relaxed)) {
    swapcontext(&coroutines.main, &coroutines.other);
    random_activation(kind, random, nullptr);
    random_wait(random, false);
  }
}

// ---- a library that comes and goes

void loads(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    void *plugin = dlopen(plugin_path, RTLD_NOW | (random.one_in(2) ? RTLD_LOCAL : RTLD_GLOBAL));
    if (!plugin)
      fail(kind.name, dlerror(), kPlugin, 0);
    auto version = reinterpret_cast<int (*)(SoakAction *)>(dlsym(plugin, "plugin_version"));
    for (unsigned i = random.below(20); i > 0; --i)
      checked(kind, kPlugin, [&] { return version(random_action(random)); });
    dlclose(plugin);
    random_wait(random, false);
  }
}

} // namespace

void prepare_threads() {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ping) != 0)
    std::abort();
}

const Group kThreadGroups[] = {
    {"busy", busy, 2},   {"parks", parks, 3},           {"deep", deep, 1},
    {"trusts", trusts, 1}, {"passes", passes, 2},       {"spins", spins, 2},
    {"sorts", sorts, 1}, {"pool worker", pool_worker, 3}, {"pool producer", pool_producer, 1},
    {"switches", switches, 2}, {"loads", loads, 2},
};
const unsigned kThreadGroupCount = sizeof(kThreadGroups) / sizeof(kThreadGroups[0]);

} // namespace soak
