// What parking costs: a park and its end alone; calls that do not block, through the runtime's wrapper and straight to libc, in turns so that
// both meet the same machine; locks that nobody else holds, in a program of several threads.
#include <benchmark/benchmark.h>

#include <wfpatch/wfpatch.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace {

// libc's own function, behind the runtime's.
template <typename Function> Function *in_libc(const char *name) {
  static void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  void *address = libc ? dlsym(libc, name) : nullptr;
  if (!address)
    std::abort();
  return reinterpret_cast<Function *>(address);
}

void park_alone(benchmark::State &state) {
  for (auto _ : state)
    wfp_park_end(wfp_park_begin());
}

// As many functions away from the call as a program's loop usually is.  Where the kernel overwrites the processor's memory of return
// addresses (mitigations of speculation), the first returns after a system call are mispredicted, and a wrapper's own is one of
// them only if nothing else returns.
template <typename Call> [[gnu::noinline]] void call_from(std::int64_t depth, const Call &call) {
  if (depth == 0)
    call();
  else
    call_from(depth - 1, call);
  benchmark::ClobberMemory(); // no tail call
}

void read_byte(benchmark::State &state, decltype(::read) *read) {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  char byte;
  for (auto _ : state)
    call_from(state.range(0), [&] { benchmark::DoNotOptimize(read(zero, &byte, 1)); });
  close(zero);
}

void poll_nothing(benchmark::State &state, decltype(::poll) *poll) {
  for (auto _ : state)
    call_from(state.range(0), [&] { benchmark::DoNotOptimize(poll(nullptr, 0, 0)); });
}

// glibc takes shortcuts in a program of one thread.
class SecondThread {
public:
  SecondThread() : thread_([this] { stop_.wait(false); }) {}
  ~SecondThread() {
    stop_ = true;
    stop_.notify_one();
    thread_.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

template <typename Lock>
void take_free(benchmark::State &state, int (*lock)(Lock *), int (*unlock)(Lock *), Lock initial) {
  SecondThread second;
  static Lock object;
  object = initial;
  for (auto _ : state) {
    lock(&object);
    unlock(&object);
  }
}

void mutex(benchmark::State &state, int (*lock)(pthread_mutex_t *)) {
  take_free<pthread_mutex_t>(state, lock, in_libc<int(pthread_mutex_t *)>("pthread_mutex_unlock"),
                             PTHREAD_MUTEX_INITIALIZER);
}
void rwlock(benchmark::State &state, int (*lock)(pthread_rwlock_t *)) {
  take_free<pthread_rwlock_t>(state, lock, in_libc<int(pthread_rwlock_t *)>("pthread_rwlock_unlock"),
                              PTHREAD_RWLOCK_INITIALIZER);
}

BENCHMARK(park_alone)->Name("park/alone");
BENCHMARK_CAPTURE(read_byte, libc, in_libc<decltype(::read)>("read"))->Name("park/read/libc/depth")->Arg(0)->Arg(5);
BENCHMARK_CAPTURE(read_byte, runtime, ::read)->Name("park/read/runtime/depth")->Arg(0)->Arg(5);
BENCHMARK_CAPTURE(poll_nothing, libc, in_libc<decltype(::poll)>("poll"))->Name("park/poll/libc/depth")->Arg(0)->Arg(5);
BENCHMARK_CAPTURE(poll_nothing, runtime, ::poll)->Name("park/poll/runtime/depth")->Arg(0)->Arg(5);
BENCHMARK_CAPTURE(mutex, libc, in_libc<int(pthread_mutex_t *)>("pthread_mutex_lock"))->Name("park/mutex/libc");
BENCHMARK_CAPTURE(mutex, runtime, ::pthread_mutex_lock)->Name("park/mutex/runtime");
BENCHMARK_CAPTURE(rwlock, libc, in_libc<int(pthread_rwlock_t *)>("pthread_rwlock_rdlock"))->Name("park/rwlock/libc");
BENCHMARK_CAPTURE(rwlock, runtime, ::pthread_rwlock_rdlock)->Name("park/rwlock/runtime");

} // namespace
