// Threads that are interrupted: handlers that run patched code and wait, on the thread's own stack and on an alternate one, in parked
// threads too; left by siglongjmp, from inside an activation as well.
#include "harness.h"

#include <cerrno>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <vector>

namespace soak {

namespace {

Kind in_handlers{"in handlers"};

struct Target {
  std::atomic<bool> ready{false};
  pthread_t thread;
};
// Threads that live until the end of the run.
constexpr unsigned kMaxTargets = 64;
Target targets[kMaxTargets];
std::atomic<unsigned> target_count{0};

thread_local sigjmp_buf back;
thread_local volatile sig_atomic_t may_jump;
thread_local volatile unsigned handled;

// Async-signal-safe: patched code that allocates or throws stays out.
void handle(int signal) {
  int error = errno;
  handled = handled + 1;
  Random random(seed, 5'000'000 + handled + 64 * static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(&handled) >> 12));
  auto activation = [&](SoakAction *inside) {
    if (random.one_in(2))
      checked(in_handlers, kChain, [&] { return chain_version(inside); });
    else
      checked(in_handlers, kSpan, [&] { return span_version(inside); });
  };
  activation(nullptr);
  if (random.one_in(4))
    random_wait(random, true);
  if (may_jump && signal == SIGUSR2) {
    may_jump = 0;
    siglongjmp(back, 1);
  }
  activation(nullptr);
  errno = error;
}

void jump_away() { // in the middle of an activation
  if (may_jump) {
    may_jump = 0;
    siglongjmp(back, 1);
  }
}

void interrupted(Kind &kind, Random &random) {
  while (!stop.load(std::memory_order_relaxed)) {
    if (sigsetjmp(back, 1) == 0) {
      may_jump = 1;
      switch (random.below(3)) {
      case 0: usleep(300); break;
      case 1: checked(kind, kChain, [&] { return chain_version(random_action(random)); }); break;
      case 2: chain_version(jump_away); break;
      }
    }
    may_jump = 0;
    checked(kind, kChain, [&] { return chain_version(nullptr); });
    random_wait(random, true);
  }
}

void on_own_stack(Kind &kind, Random random) { interrupted(kind, random); }

void on_alternate_stack(Kind &kind, Random random) {
  std::vector<char> memory(128 * 1024);
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
  interrupted(kind, random);
  // What is still on its way to this thread must not find a stack that is gone.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
}

void sends(Kind &kind, Random random) {
  while (!stop.load(std::memory_order_relaxed)) {
    signal_someone(random);
    random_activation(kind, random, nullptr);
    random_wait(random, false);
  }
}

} // namespace

void install_handlers() {
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_flags = SA_ONSTACK; // calls that it interrupts end with EINTR
  sigaction(SIGUSR2, &action, nullptr);
}

void take_signals() {
  unsigned index = target_count.fetch_add(1);
  if (index >= kMaxTargets)
    return;
  targets[index].thread = pthread_self();
  targets[index].ready.store(true, std::memory_order_release);
}

void signal_someone(Random &random) {
  unsigned count = target_count.load();
  Target &target = targets[random.below(count < kMaxTargets ? count + 1 : kMaxTargets)];
  if (target.ready.load(std::memory_order_acquire))
    pthread_kill(target.thread, random.one_in(3) ? SIGUSR2 : SIGUSR1);
  else
    kill(getpid(), SIGUSR1); // to anybody, to a thread that is just being born as well
}

const Group kHandlerGroups[] = {
    {"on own stack", on_own_stack, 2},
    {"on alternate stack", on_alternate_stack, 2},
    {"sends", sends, 1},
};
const unsigned kHandlerGroupCount = sizeof(kHandlerGroups) / sizeof(kHandlerGroups[0]);

long activations_in_handlers() { return in_handlers.activations.load(); }

} // namespace soak
