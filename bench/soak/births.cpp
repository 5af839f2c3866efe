// Threads and processes that come and go: joined, detached, cancelled, ended by pthread_exit; std::jthread, C11 threads;
// thread-locals and keys whose destructors run patched code; fork, vfork, posix_spawn.
#include "harness.h"

#include <cerrno>
#include <future>
#include <memory>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <threads.h>
#include <time.h>

extern char **environ;

namespace soak {

namespace {

std::atomic<std::uint64_t> births{0};

// What a short-lived thread does: an activation or two, with waits.
struct Newborn {
  Kind *kind;
  Random random;
};
Newborn *newborn(Kind &kind) { return new Newborn{&kind, Random(seed, 1'000'000 + births.fetch_add(1))}; }

Kind *ending_kind; // whose checks the destructors of thread-locals count for
void check_at_end(int version) {
  checked(*ending_kind, kObjects, [&] { return version; });
}

pthread_key_t key;
void key_destructor(void *rounds) {
  checked(*ending_kind, kChain, [] { return chain_version(nullptr); });
  auto left = reinterpret_cast<std::uintptr_t>(rounds);
  if (left > 1)
    pthread_setspecific(key, reinterpret_cast<void *>(left - 1));
  timespec time{0, 20'000};
  nanosleep(&time, nullptr);
  checked(*ending_kind, kChain, [] { return chain_version(nullptr); });
}

void live_shortly(Newborn *raw) {
  std::unique_ptr<Newborn> own(raw);
  if (own->random.one_in(2))
    objects_at_thread_end(check_at_end);
  if (own->random.one_in(2)) // up to more rounds than libc gives a thread
    pthread_setspecific(key, reinterpret_cast<void *>(std::uintptr_t{1} + own->random.below(5)));
  for (unsigned i = 1 + own->random.below(3); i > 0; --i) {
    random_activation(*own->kind, own->random, random_action(own->random));
    random_wait(own->random, false);
  }
}

void *joined(void *argument) {
  live_shortly(static_cast<Newborn *>(argument));
  return argument;
}
void *exits(void *argument) {
  live_shortly(static_cast<Newborn *>(argument));
  pthread_exit(nullptr);
}
int by_c11(void *argument) {
  live_shortly(static_cast<Newborn *>(argument));
  return 7;
}

std::atomic<int> detached_alive{0};
void *detached(void *argument) {
  live_shortly(static_cast<Newborn *>(argument));
  detached_alive.fetch_sub(1);
  return nullptr;
}

void by_pthread(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    pthread_t made;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (128 + random.below(8) * 64) * 1024);
    if (random.one_in(3) && detached_alive.load() < 8) {
      pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
      detached_alive.fetch_add(1);
      Newborn *child = newborn(kind);
      if (pthread_create(&made, &attributes, detached, child) != 0)
        fail(kind.name, "no thread", 0, 0);
    } else {
      if (pthread_create(&made, &attributes, random.one_in(2) ? joined : exits, newborn(kind)) != 0)
        fail(kind.name, "no thread", 0, 0);
      pthread_join(made, nullptr);
    }
    pthread_attr_destroy(&attributes);
    random_activation(kind, random, nullptr);
  }
  while (detached_alive.load() > 0)
    random_wait(random, false);
}

void by_std(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    switch (random.below(3)) {
    case 0: {
      std::jthread made([&](std::stop_token token) {
        Random own(seed, 2'000'000 + births.fetch_add(1));
        while (!token.stop_requested())
          random_activation(kind, own, random_action(own));
      });
      random_wait(random, false);
      break;
    }
    case 1: std::async(std::launch::async, [&] { live_shortly(newborn(kind)); }).get(); break;
    case 2: {
      thrd_t made;
      int result = 0;
      if (thrd_create(&made, by_c11, newborn(kind)) != thrd_success || thrd_join(made, &result) != thrd_success || result != 7)
        fail(kind.name, "a C11 thread's result is lost", 0, result);
      break;
    }
    }
    random_activation(kind, random, nullptr);
  }
}

// ---- cancellation: in a park, in the middle of an activation, with cleanup handlers that run patched code

void cleanup(void *kind) {
  checked(*static_cast<Kind *>(kind), kChain, [] { return chain_version(nullptr); });
}
void *cancelled(void *argument) {
  std::unique_ptr<Newborn> own(static_cast<Newborn *>(argument));
  pthread_cleanup_push(cleanup, own->kind);
  for (;;) {
    random_activation(*own->kind, own->random, own->random.one_in(2) ? random_action(own->random) : nullptr);
    usleep(own->random.one_in(2) ? 100'000 : 10);
  }
  pthread_cleanup_pop(0);
  return nullptr;
}

void cancels(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    pthread_t made;
    if (pthread_create(&made, nullptr, cancelled, newborn(kind)) != 0)
      fail(kind.name, "no thread", 0, 0);
    random_wait(random, false);
    pthread_cancel(made);
    void *result;
    pthread_join(made, &result);
    if (result != PTHREAD_CANCELED)
      fail(kind.name, "a thread was not cancelled", 0, 0);
  }
}

// ---- processes

void await_child(Kind &kind, pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      fail(kind.name, "no child to wait for", 0, errno);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail(kind.name, "a child failed", 0, status);
}

void forks(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    std::uint64_t stream = 4'000'000 + births.fetch_add(1);
    pid_t child = fork();
    if (child < 0)
      fail(kind.name, "no fork", 0, errno);
    if (child == 0) {
      Random own(seed, stream);
      for (int i = 0; i < 5; ++i)
        random_activation(kind, own, random_action(own));
      bool well = !own.one_in(2) || child_changes(own);
      _exit(well ? 0 : 1);
    }
    random_activation(kind, random, random_action(random));
    await_child(kind, child);
    for (unsigned i = random.below(20); i > 0; --i)
      random_wait(random, false);
  }
}

// A child of vfork shares this thread's stack and thread-locals; posix_spawn does the same inside libc.
__attribute__((noinline)) pid_t fork_on_this_stack(Kind &kind) {
  static thread_local volatile int saw;
  pid_t child = vfork();
  if (child == 0) {
    saw = chain_version(nullptr);
    _exit(saw >= 1 && saw <= kVersions[kChain] ? 0 : 1);
  }
  if (child < 0)
    fail(kind.name, "no vfork", 0, errno);
  return child;
}

void spawns(Kind &kind, Random random) {
  char program[] = "/bin/true";
  char *arguments[] = {program, nullptr};
  while (!stop.load(std::memory_order_relaxed)) {
    pid_t child;
    if (random.one_in(2))
      child = fork_on_this_stack(kind);
    else if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0)
      fail(kind.name, "no posix_spawn", 0, errno);
    random_activation(kind, random, random_action(random));
    await_child(kind, child);
    for (unsigned i = random.below(20); i > 0; --i)
      random_wait(random, false);
  }
}

} // namespace

void prepare_births(Kind &kind) {
  ending_kind = &kind;
  if (pthread_key_create(&key, key_destructor) != 0)
    std::abort();
}

const Group kBirthGroups[] = {
    {"by pthread", by_pthread, 2}, {"by std", by_std, 1}, {"cancels", cancels, 1},
    {"forks", forks, 1},   {"spawns", spawns, 1},
};
const unsigned kBirthGroupCount = sizeof(kBirthGroups) / sizeof(kBirthGroups[0]);

} // namespace soak
