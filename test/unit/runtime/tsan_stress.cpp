// The runtime's protocol under ThreadSanitizer: all of the runtime that threads share (registry, park, poll, handlers' entry, publication, views,
// the mover, updates and barrier mode) is compiled with it, and driven by real threads while real updates come and go.
//
// What is not the program's runtime here, and why:
//   - The control thread is a std::thread that does what control.cpp's loop does.  The real one is a bare clone() without libc (bare_thread.cpp): the sanitizer
//     keeps its state of each thread in thread-locals that it sets up in its own pthread_create.
//   - The wrappers of libc's calls (interpose*.c) and the constructor (init.cpp) are left out: the sanitizer has wrappers of the same calls, and both would have
//     to be the first.  Threads call what the wrappers call: wfp_begin_thread, wfp_park, wfp_unpark, wfp_end_thread, wfp_enter_handler.
//
// What the sanitizer cannot see is made visible, and what it must not look at is marked:
//   - Dispatch code reads the thread's view in assembly.  read_view() reads the same as C++ does, so that a table that changes under a thread is a race.  It
//     reads slots that have been given out: no gate leads to others.  That a gate leads to a slot only after the slot is in every live table is the order
//     of arming (membarrier), for which an acquire load stands here; it orders nothing of later updates, since slots are given out once.
//   - Threads read their own frames' words, whatever they are, and the control thread reads parked stacks by system calls: that is how a conservative look works
//     (own_word in poll.cpp, find_active in stack_check.cpp: no_sanitize).  A copy that was torn is thrown away, since the state's sequence has changed.
//   - Text is written through /proc; that single-byte changes of text are sound is shown elsewhere (bench/gap).

#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/gate.h"
#include "runtime/src/image.h"
#include "runtime/src/log.h"
#include "runtime/src/mover.h"
#include "runtime/src/park.h"
#include "runtime/src/pending.h"
#include "runtime/src/poll.h"
#include "runtime/src/proc.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/publication.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/thread_birth.h"
#include "runtime/src/updater.h"
#include "test/unit/runtime/loader_link_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#ifndef __SANITIZE_THREAD__
#error "this test is for ThreadSanitizer"
#endif

// No handlers of its own: threads that may be in a handler past our entry are not moved.
extern "C" const char *__tsan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:halt_on_error=1";
}

// Of the wrappers' files: not reached here.
extern "C" void wfp_signal_entry(int, siginfo_t *, void *) {}
extern "C" void wfp_note_thread_end(void *) {}

namespace wfp::test {
namespace {

std::atomic<bool> stop{false};
std::atomic<std::uint32_t> slots_given_out{0};
std::atomic<long> wrong{0}, activations{0}, remote_moves{0}, own_moves{0};

// ---- what application threads do

// The version that calls reach now: 1 is the program's own.
int version() { return sample_add(20, 3) == 23 ? 1 : sample_add(20, 3); }

// As dispatch code does, but seen by the sanitizer.
__attribute__((noinline)) Body read_view() {
  Body all = 0;
  for (std::uint32_t slot = 0; slot < slots_given_out.load(std::memory_order_acquire); ++slot)
    all ^= static_cast<volatile Body *>(wfp_view)[slot];
  return all;
}

// Between two quiescence points nothing changes.
void activation() {
  int first = version();
  read_view();
  std::this_thread::yield();
  int second = version();
  wrong += first != second || first < 1 || first > 4;
  activations.fetch_add(1, std::memory_order_relaxed);
}

__attribute__((noinline)) void park_for(unsigned microseconds) {
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  const Body *before = wfp_view;
  usleep(microseconds);
  wfp_unpark(parked);
  remote_moves += wfp_view != before;
}

// As the poll that the plugin makes.
__attribute__((noinline)) void poll() {
  const Body *before = wfp_view;
  if (wfp_pending.load(std::memory_order_relaxed))
    wfp_poll_slow(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + sizeof(void *), 0,
                  *static_cast<std::uintptr_t *>(__builtin_frame_address(0)));
  own_moves += wfp_view != before;
}

// A handler that interrupts a park, or code between two quiescence points; it calls, parks and polls, and none of that moves the thread.
__attribute__((noinline)) void handler() {
  WfpInterrupted interrupted;
  wfp_enter_handler(&interrupted, __builtin_frame_address(0));
  int first = version();
  park_for(10);
  poll();
  wrong += version() != first;
  wfp_leave_handler(&interrupted);
}
__attribute__((noinline)) void interrupted_park() {
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  usleep(10);
  handler();
  usleep(10);
  wfp_unpark(parked);
}

using Work = void (*)(unsigned turn);

// What start_thread_of_program (interpose_threads.c) does.
template <typename Function> void as_thread(Function function) {
  pthread_attr_t attributes;
  std::size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_destroy(&attributes);
  void *thread = wfp_new_thread([](void *argument) { return argument; }, nullptr, size);
  wfp_begin_thread(thread, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
  function();
  wfp_end_thread(thread);
}

void parks(unsigned turn) { park_for(turn % 7 * 10); }
void polls(unsigned) { poll(); }
void both(unsigned turn) { turn % 3 ? poll() : park_for(1); }
void handles(unsigned turn) { turn % 2 ? interrupted_park() : handler(), poll(); }
void sleeps(unsigned) { park_for(3000); }
void gives_birth(unsigned) {
  std::thread child([] {
    as_thread([] {
      activation();
      park_for(1);
      activation();
    });
  });
  WfpThread *parked = wfp_park(__builtin_frame_address(0)); // as in pthread_join
  child.join();
  wfp_unpark(parked);
}
// Records claimed and given back, beside those of threads.
void claims(unsigned) {
  ThreadRecord *mine[4];
  for (auto &record : mine)
    record = claim_record();
  for (auto *record : mine)
    if (record)
      release_record(record);
  park_for(1);
}

// ---- the control thread

int make_update(std::uint8_t new_id, int result) {
  SampleUpdate update(kSampleId, new_id);
  update.replace_add({0xb8, static_cast<std::uint8_t>(result), 0, 0, 0, 0xc3}); // mov $result, %eax; ret
  const Bytes bytes = update.builder.finish();
  int file = memfd_create("update", 0);
  EXPECT_EQ(write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return file;
}

// Threads that the sanitizer made for itself run nothing of ours: each gets a record that is parked for ever, on a stack of nothing.
void adopt_foreign_threads(int control) {
  static std::uintptr_t nothing[64];
  DIR *tasks = opendir("/proc/self/task");
  ASSERT_NE(tasks, nullptr);
  while (dirent *task = readdir(tasks)) {
    int tid = std::atoi(task->d_name);
    if (!tid || tid == control || tid == getpid())
      continue;
    ThreadRecord *record = claim_record();
    auto low = reinterpret_cast<std::uintptr_t>(nothing);
    record->stack_low = low;
    record->stack_top = low + sizeof(nothing);
    record->park_sp = low;
    record->state = state::with_view(record->state, published_view()) | state::kParked;
    record->tid = tid;
  }
  closedir(tasks);
}

void move_until_settled() {
  for (int rounds = 0; moving(); ++rounds) {
    ASSERT_LT(rounds, 200'000) << "threads do not move";
    if (!move_threads())
      usleep(50);
  }
}

void control(int rounds) {
  const int files[] = {make_update(0x22, 2), make_update(0x23, 3), make_update(0x24, 4)};
  Message why;
  for (int round = 0; round < rounds; ++round) {
    ApplyOptions options;
    options.barrier = round % 5 == 4;
    options.timeout_ms = 60'000;
    options.file = "test.wfp";
    AppliedUpdate *update = nullptr;
    why.clear();
    ASSERT_TRUE(apply_update(files[round % 3], options, update, why)) << why.c_str();
    if (round == 0)
      slots_given_out.store(slot_count(), std::memory_order_release);
    if (round % 3 != 0)
      move_until_settled();
    else
      move_threads(); // the next one comes before this one has settled
    ASSERT_TRUE(revert_update("", {}, update, why)) << why.c_str();
    if (round % 4 != 0)
      move_until_settled();
  }
  move_until_settled();
}

TEST(ThreadSanitizer, ThreadsMoveWhileUpdatesComeAndGo) {
  Message why;
  set_log("stderr");
  ASSERT_TRUE(prepare_thread_registry());
  ASSERT_TRUE(publish_first_view(why) && refresh_images(why)) << why.c_str();
  (void)tell_images();
  ASSERT_TRUE(prepare_sync_core(why)) << why.c_str();
  open_proc();

  constexpr Work kinds[] = {parks, parks, polls, both, handles, handles, sleeps, gives_birth, claims};
  std::vector<std::thread> threads;
  std::atomic<int> begun{0};
  auto main_thread = [&] {
    // The control thread's work is done here; the initial thread is known like any other.
    for (Work work : kinds)
      threads.emplace_back([work, &begun] {
        as_thread([&] {
          ++begun;
          for (unsigned turn = 0; !stop.load(std::memory_order_relaxed); ++turn) {
            activation();
            work(turn);
          }
        });
      });
    while (begun.load() != static_cast<int>(std::size(kinds)))
      usleep(100);
    int own = static_cast<int>(syscall(SYS_gettid));
    set_control_tid(own);
    control(1500);
    stop.store(true);
    for (auto &thread : threads)
      thread.join();
  };
  std::thread([] {}).join(); // makes the sanitizer start its own
  adopt_foreign_threads(getpid());
  main_thread();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(version(), 1);
  EXPECT_GT(remote_moves.load(), 0);
  EXPECT_GT(own_moves.load(), 0);
  std::fprintf(stderr, "%ld activations, %ld moves seen by parked threads, %ld by running ones\n", activations.load(), remote_moves.load(),
               own_moves.load());
}

} // namespace
} // namespace wfp::test
