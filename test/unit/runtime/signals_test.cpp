// Signal handlers: what the program sees of sigaction() and its kin, and what a handler does to a parked thread's state.

#include "runtime/include/wfpatch/wfpatch.h"
#include "runtime/src/park.h"
#include "runtime/src/poll.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/thread_registry.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

using namespace wfp;

volatile std::uint64_t state_in_handler;
volatile int calls;
Body *volatile view_in_handler;

void note_state(int) {
  state_in_handler = wfp_self->state.load();
  view_in_handler = wfp_view;
  calls = calls + 1;
}
void note_with_info(int, siginfo_t *info, void *) { calls = info->si_value.sival_int; }

class Signals : public testing::Test {
protected:
  void SetUp() override { calls = 0; }
  void TearDown() override { std::signal(SIGUSR1, SIG_DFL); }
};

TEST_F(Signals, OldActionIsWhatTheProgramInstalled) {
  struct sigaction action = {}, old = {};
  action.sa_handler = note_state;
  sigaddset(&action.sa_mask, SIGUSR2);
  action.sa_flags = SA_RESTART;
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  ASSERT_EQ(sigaction(SIGUSR1, nullptr, &old), 0);
  EXPECT_EQ(old.sa_handler, note_state);
  EXPECT_EQ(old.sa_flags & (SA_RESTART | SA_SIGINFO), SA_RESTART);
  EXPECT_TRUE(sigismember(&old.sa_mask, SIGUSR2));
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGUSR1, &ignore, &old), 0);
  EXPECT_EQ(old.sa_handler, note_state);
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  EXPECT_EQ(old.sa_handler, SIG_IGN);
}

// Saving an action and installing it again, as shells and libraries do, must not make the entry call itself.
TEST_F(Signals, SavedActionsCanBePutBack) {
  struct sigaction saved = {};
  std::signal(SIGUSR1, note_state);
  sigaction(SIGUSR1, nullptr, &saved);
  std::signal(SIGUSR1, SIG_IGN);
  ASSERT_EQ(sigaction(SIGUSR1, &saved, nullptr), 0);
  raise(SIGUSR1);
  EXPECT_EQ(calls, 1);
}

TEST_F(Signals, InfoArrives) {
  struct sigaction action = {}, old = {};
  action.sa_sigaction = note_with_info;
  action.sa_flags = SA_SIGINFO;
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  sigaction(SIGUSR1, nullptr, &old);
  EXPECT_TRUE(old.sa_flags & SA_SIGINFO);
  sigqueue(getpid(), SIGUSR1, sigval{42});
  EXPECT_EQ(calls, 42);
}

TEST_F(Signals, ErrorsAreAsBefore) {
  struct sigaction action = {};
  action.sa_handler = note_state;
  EXPECT_EQ(sigaction(SIGKILL, &action, nullptr), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(sigaction(0, &action, nullptr), -1);
  EXPECT_EQ(sigaction(65, &action, nullptr), -1);
  EXPECT_EQ(std::signal(100, note_state), SIG_ERR);
}

TEST_F(Signals, SysvSignalIsOneShot) {
  sysv_signal(SIGUSR1, note_state);
  raise(SIGUSR1);
  struct sigaction old = {};
  sigaction(SIGUSR1, nullptr, &old);
  EXPECT_EQ(old.sa_handler, SIG_DFL);
  EXPECT_EQ(calls, 1);
}

TEST_F(Signals, SiginterruptDecidesWhetherSignalRestarts) {
  struct sigaction old = {};
  std::signal(SIGUSR1, note_state);
  sigaction(SIGUSR1, nullptr, &old);
  EXPECT_TRUE(old.sa_flags & SA_RESTART);
  siginterrupt(SIGUSR1, 1);
  std::signal(SIGUSR1, note_state);
  sigaction(SIGUSR1, nullptr, &old);
  EXPECT_FALSE(old.sa_flags & SA_RESTART);
  siginterrupt(SIGUSR1, 0);
  sigaction(SIGUSR1, nullptr, &old);
  EXPECT_TRUE(old.sa_flags & SA_RESTART);
}

TEST_F(Signals, HandlerIsMarkedAndTheMarkGoes) {
  std::signal(SIGUSR1, note_state);
  raise(SIGUSR1);
  EXPECT_TRUE(state_in_handler & state::kInHandler);
  EXPECT_FALSE(wfp_self->state.load() & state::kInHandler);
}

// A handler in a parked thread runs in the view that the thread was moved to, and the park goes on behind it.
TEST_F(Signals, HandlerOfAParkedThreadTakesTheViewOfTheState) {
  static Body table[4];
  Body *before_view = wfp_view, *before_table = wfp_view_tables[5];
  wfp_view_tables[5] = table;
  std::uint64_t before = wfp_self->state.load();
  std::signal(SIGUSR1, note_state);

  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  std::uint64_t seen = wfp_self->state.load();
  bool moved = wfp_self->state.compare_exchange_strong(seen, state::with_view(seen, 5));
  syscall(SYS_tgkill, getpid(), wfp_self->tid.load(), SIGUSR1);
  std::uint64_t after = wfp_self->state.load();
  wfp_unpark(parked);
  Body *after_view = wfp_view;
  wfp_view = before_view;
  wfp_view_tables[5] = before_table;
  wfp_self->state.store(before);

  EXPECT_TRUE(moved);
  EXPECT_EQ(view_in_handler, table);
  EXPECT_EQ(state_in_handler & (state::kParked | state::kInHandler), state::kInHandler);
  EXPECT_EQ(after & (state::kParked | state::kInHandler), state::kParked);
  EXPECT_GT(after >> 24, seen >> 24) << "a late move must fail";
  EXPECT_EQ(after_view, table);
}

sigjmp_buf back;
void jump_out(int) { siglongjmp(back, 1); }

__attribute__((noinline)) void leave_by_jump() {
  if (sigsetjmp(back, 1) == 0) {
    WfpThread *parked = wfp_park(__builtin_frame_address(0));
    (void)parked;
    raise(SIGUSR1);
  }
}

TEST_F(Signals, MarksLeftBySiglongjmpAreRecognised) {
  std::signal(SIGUSR1, jump_out);
  leave_by_jump();
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  ASSERT_EQ(parked, wfp_self);
  EXPECT_EQ(wfp_self->state.load() & (state::kParked | state::kInHandler), state::kParked);
  wfp_unpark(parked);
}

// Left by a way that is not seen: what a poll of a frame further down knows is that the frames of the entries may still be there.
TEST_F(Signals, MarksOfAnOuterHandlerStayWhenAnInnerOneWasLeft) {
  auto at = [](std::uintptr_t below) { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - below; };
  auto marked = [] { return (wfp_self->state.load() & state::kInHandler) != 0; };
  WfpInterrupted outer, inner, innermost;
  wfp_enter_handler(&outer, reinterpret_cast<void *>(at(0x1000)));
  wfp_enter_handler(&inner, reinterpret_cast<void *>(at(0x2000)));
  wfp_enter_handler(&innermost, reinterpret_cast<void *>(at(0x3000)));
  clear_stale_marks(*wfp_self, at(0x1800)); // both inner ones are over
  EXPECT_TRUE(marked());
  EXPECT_EQ(wfp_self->handlers, 1u);
  wfp_enter_handler(&inner, reinterpret_cast<void *>(at(0x2800)));
  wfp_leave_handler(&inner);
  EXPECT_TRUE(marked());
  clear_stale_marks(*wfp_self, at(0x1400));
  EXPECT_TRUE(marked());
  wfp_leave_handler(&outer);
  EXPECT_FALSE(marked());
  EXPECT_EQ(wfp_self->handlers, 0u);
}

// More than there is room for: all stay marked until they have returned, and then none.
TEST_F(Signals, ManyNestedHandlers) {
  const auto top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  WfpInterrupted handlers[ThreadRecord::kNested + 2];
  std::uintptr_t frame = top;
  for (WfpInterrupted &each : handlers)
    wfp_enter_handler(&each, reinterpret_cast<void *>(frame -= 0x400));
  clear_stale_marks(*wfp_self, top);
  EXPECT_TRUE(wfp_self->state.load() & state::kInHandler);
  for (std::size_t i = std::size(handlers); i-- > 0;)
    wfp_leave_handler(&handlers[i]);
  EXPECT_FALSE(wfp_self->state.load() & state::kInHandler);
  EXPECT_EQ(wfp_self->handlers, 0u);
}

// A jump leaves no mark, however deep the thread goes on.
TEST_F(Signals, JumpsClearMarks) {
  std::signal(SIGUSR1, jump_out);
  leave_by_jump();
  EXPECT_FALSE(wfp_self->state.load() & (state::kParked | state::kInHandler));
  if (sigsetjmp(back, 0) == 0) {
    void *parked = wfp_park_begin();
    EXPECT_TRUE(wfp_self->state.load() & state::kParked);
    (void)parked;
    siglongjmp(back, 1);
  }
  EXPECT_FALSE(wfp_self->state.load() & state::kParked);
}

TEST_F(Signals, AlternateStackLeftBySiglongjmpIsRecognised) {
  static char memory[64 * 1024];
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = sizeof(memory);
  stack_t before;
  ASSERT_EQ(sigaltstack(&stack, &before), 0);
  struct sigaction action = {};
  action.sa_handler = jump_out;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, nullptr);
  leave_by_jump();
  WfpThread *parked = wfp_park(__builtin_frame_address(0));
  EXPECT_EQ(wfp_self->state.load() & (state::kParked | state::kInHandler), state::kParked);
  wfp_unpark(parked);
  sigaltstack(&before, nullptr);
}

void *wait_for_ever(void *) {
  char byte;
  int pipe_ends[2];
  if (pipe(pipe_ends) == 0)
    (void)!read(pipe_ends[0], &byte, 1);
  return nullptr;
}

TEST_F(Signals, CancelledThreadLeavesItsParkAndItsRecord) {
  std::size_t limit = record_limit();
  for (int i = 0; i < 50; ++i) {
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, wait_for_ever, nullptr), 0);
    ASSERT_EQ(pthread_cancel(thread), 0);
    void *result;
    ASSERT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(result, PTHREAD_CANCELED);
  }
  EXPECT_LE(record_limit(), limit + 2);
}

TEST(ForeignHandler, IsNamedUntilItIsGone) {
  EXPECT_EQ(foreign_handler(), 0);
  struct {
    void (*handler)(int);
    unsigned long flags;
    void *restorer;
    std::uint64_t mask;
  } action = {note_state, 0, nullptr, 0};
  ASSERT_EQ(syscall(SYS_rt_sigaction, SIGUSR2, &action, nullptr, 8), 0);
  EXPECT_EQ(foreign_handler(), SIGUSR2);
  action.handler = SIG_DFL;
  ASSERT_EQ(syscall(SYS_rt_sigaction, SIGUSR2, &action, nullptr, 8), 0);
  EXPECT_EQ(foreign_handler(), 0);
}

} // namespace
