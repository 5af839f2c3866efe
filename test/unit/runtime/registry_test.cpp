// Records of threads: claiming and releasing under contention, and the park protocol's state changes.
//
// The runtime is linked into this program, so that its constructor has made the registry and met the main thread.

#include "runtime/src/mover.h"
#include "runtime/src/park.h"
#include "runtime/src/publication.h"
#include "runtime/src/thread_registry.h"

#include <atomic>
#include <climits>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <set>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace wfp;

std::uint64_t load(const ThreadRecord *record) { return record->state.load(); }

TEST(Registry, MainThreadIsKnown) {
  ASSERT_NE(wfp_self, nullptr);
  EXPECT_EQ(wfp_self->tid.load(), syscall(SYS_gettid));
  EXPECT_LT(wfp_self->stack_low.load(), reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
  EXPECT_GT(wfp_self->stack_top.load(), reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
}

TEST(Registry, NewThreadsAreKnownWithTheirStacks) {
  std::thread thread([] {
    ASSERT_NE(wfp_self, nullptr);
    EXPECT_EQ(wfp_self->tid.load(), syscall(SYS_gettid));
    auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    EXPECT_LT(wfp_self->stack_low.load(), here);
    EXPECT_GT(wfp_self->stack_top.load(), here);
    pthread_attr_t attributes;
    void *low;
    std::size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    EXPECT_GE(wfp_self->stack_low.load(), reinterpret_cast<std::uintptr_t>(low));
    EXPECT_LE(wfp_self->stack_top.load(), reinterpret_cast<std::uintptr_t>(low) + size);
  });
  thread.join();
}

TEST(Registry, RecordsOfEndedThreadsAreReused) {
  std::size_t before = record_limit();
  for (int i = 0; i < 1000; ++i)
    std::thread([] {}).join();
  EXPECT_LE(record_limit(), before + 8);
}

TEST(Registry, NoRecordIsGivenTwice) {
  constexpr int kThreads = 4, kRounds = 2000;
  static std::atomic<int> owners[kThreadCapacity];
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      ThreadRecord *mine[8];
      for (int round = 0; round < kRounds; ++round) {
        for (auto &record : mine) {
          record = claim_record();
          ASSERT_NE(record, nullptr);
          conflicts += owners[record - &record_at(0)].fetch_add(1) != 0;
        }
        for (auto &record : mine) {
          owners[record - &record_at(0)].fetch_sub(1);
          release_record(record);
        }
      }
    });
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(conflicts, 0);
}

TEST(Registry, ReleaseChangesTheSequenceSoThatALateMoveFails) {
  ThreadRecord *record = claim_record();
  std::uint64_t seen = load(record) | state::kParked;
  record->state.store(seen);
  release_record(record);
  std::uint64_t expected = seen;
  EXPECT_FALSE(record->state.compare_exchange_strong(expected, state::with_view(seen, 1)));
}

TEST(Park, SetsAndClearsTheFlagAndCountsTheSequence) {
  std::uint64_t before = load(wfp_self);
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  ASSERT_EQ(parked, wfp_self);
  std::uint64_t during = load(wfp_self);
  EXPECT_TRUE(during & state::kParked);
  EXPECT_EQ(during, (before + state::kSequenceOne) | state::kParked);
  wfp_unpark(parked);
  EXPECT_EQ(load(wfp_self), before + state::kSequenceOne);
}

__attribute__((noinline)) WfpThread *park_deeper() { return wfp_park(__builtin_frame_address(0)); }

TEST(Park, InsideAParkDoesNothing) {
  WfpThread *outer = wfp_park(__builtin_frame_address(0));
  std::uint64_t during = load(wfp_self);
  EXPECT_EQ(park_deeper(), nullptr);
  wfp_unpark(nullptr);
  EXPECT_EQ(load(wfp_self), during);
  wfp_unpark(outer);
}

// As after siglongjmp out of a blocking call: the frame that parked is gone.
TEST(Park, StaleParkIsRecognisedByTheStackPointer) {
  WfpThread *stale = park_deeper();
  ASSERT_NE(stale, nullptr);
  WfpThread *fresh = wfp_park(__builtin_frame_address(0));
  EXPECT_EQ(fresh, wfp_self);
  wfp_unpark(fresh);
  EXPECT_FALSE(load(wfp_self) & state::kParked);
}

TEST(Park, EndTakesTheViewThatTheControlThreadGave) {
  static Body table[4];
  Body *before_view = wfp_view;
  Body *before_table = wfp_view_tables[5];
  wfp_view_tables[5] = table;
  std::uint64_t before = load(wfp_self);
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  std::uint64_t seen = load(wfp_self);
  ASSERT_TRUE(wfp_self->state.compare_exchange_strong(seen, state::with_view(seen, 5)));
  wfp_unpark(parked);
  Body *after_view = wfp_view;
  wfp_view = before_view;
  wfp_view_tables[5] = before_table;
  wfp_self->state.store(before);
  EXPECT_EQ(after_view, table);
}

TEST(Tasks, EveryThreadIsVisitedOnceAndTheControlThreadIsNot) {
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i)
    threads.emplace_back([&] {
      ++started;
      while (!stop)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  while (started != 20)
    std::this_thread::yield();
  struct Seen {
    std::multiset<int> tids;
    int unknown = 0;
  } seen;
  EXPECT_TRUE(visit_tasks(
      [](void *context, int tid, ThreadRecord *record) {
        auto &seen = *static_cast<Seen *>(context);
        seen.tids.insert(tid);
        seen.unknown += !record;
        return true;
      },
      &seen));
  stop = true;
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(seen.tids.size(), 21u);
  EXPECT_EQ(std::set<int>(seen.tids.begin(), seen.tids.end()).size(), 21u);
  EXPECT_EQ(seen.unknown, 0);
}

std::size_t records_in_use() {
  std::size_t count = 0;
  for (std::size_t index = 0; index < record_limit(); ++index)
    count += record_in_use(index);
  return count;
}

// A thread made by libc's own function, as libc makes those for the expiry of timers.
void run_unseen(void *(*body)(void *), void *argument) {
  auto create = reinterpret_cast<decltype(&pthread_create)>(dlsym(dlopen("libc.so.6", RTLD_LAZY), "pthread_create"));
  ASSERT_NE(create, nullptr);
  pthread_t thread;
  ASSERT_EQ(create(&thread, nullptr, body, argument), 0);
  pthread_join(thread, nullptr);
}

TEST(Registry, RecordOfAThreadMetOnItsWayIsReleasedAtItsEnd) {
  std::size_t before = records_in_use();
  run_unseen(
      [](void *) -> void * {
        EXPECT_EQ(wfp_self, nullptr);
        wfp_unpark(wfp_park(__builtin_frame_address(0)));
        EXPECT_NE(wfp_self, nullptr);
        return nullptr;
      },
      nullptr);
  EXPECT_EQ(records_in_use(), before);
}

// Destructors of thread-specific data run after ours in the last round: whatever they call must not bring a record back.
TEST(Registry, ThreadIsNotMetAgainAfterItsEnd) {
  static pthread_key_t key;
  static int rounds;
  static ThreadRecord *met;
  ASSERT_EQ(pthread_key_create(&key,
                               [](void *value) {
                                 pthread_setspecific(key, value);
                                 ++rounds;
                                 met = wfp_park(__builtin_frame_address(0));
                                 wfp_unpark(met);
                               }),
            0);
  std::size_t before = records_in_use();
  std::thread([] { pthread_setspecific(key, &rounds); }).join();
  EXPECT_EQ(rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
  EXPECT_EQ(met, nullptr) << "in the last round the thread has ended";
  EXPECT_EQ(records_in_use(), before);
  pthread_key_delete(key);
}

// A signal's handler can meet the thread before its own begin does, and in the middle of meeting it.
TEST(Registry, BeginTakesThePlaceOfAnEarlierMeeting) {
  std::size_t before = records_in_use();
  run_unseen(
      [](void *) -> void * {
        ThreadRecord *met = meet_thread(), *own = claim_record();
        EXPECT_NE(met, nullptr);
        EXPECT_EQ(met, wfp_self);
        begin_thread(own, 1, 2);
        EXPECT_EQ(own, wfp_self);
        EXPECT_EQ(met->tid.load(), 0) << "two records for one thread";
        end_thread(own);
        EXPECT_EQ(meet_thread(), nullptr);
        return nullptr;
      },
      nullptr);
  EXPECT_EQ(records_in_use(), before);
}

} // namespace
