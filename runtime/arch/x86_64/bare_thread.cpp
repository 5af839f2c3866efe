#include "runtime/arch/x86_64/bare_thread.h"

#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/base/sys.h"
#include "runtime/src/thread_registry.h"
#include "runtime/src/view.h"

#include <cstdint>
#include <cstring>
#include <csignal>
#include <sched.h>
#include <sys/mman.h>

namespace wfp::arch {

namespace {

constexpr std::size_t kPage = 4096;
// tcbhead_t of glibc on x86-64: self pointer at 0 and 0x10, stack guard at 0x28, pointer guard at 0x30.  More than that
// nobody reads on this thread.
constexpr std::size_t kAboveThreadPointer = kPage;
constexpr std::size_t kStackGuardOffset = 0x28;
constexpr std::size_t kGuardBytes = 16;

// How far below the thread pointer the runtime's thread-locals reach.
std::size_t bytes_below_thread_pointer() {
  std::uintptr_t lowest = reinterpret_cast<std::uintptr_t>(&wfp_view);
  for (std::uintptr_t other : {reinterpret_cast<std::uintptr_t>(&wfp_self), reinterpret_cast<std::uintptr_t>(&wfp_thread),
                               reinterpret_cast<std::uintptr_t>(&wfp_self_ended)})
    if (other < lowest)
      lowest = other;
  return (thread_pointer() - lowest + 2 * kPage) & ~(kPage - 1);
}

// clone(flags, stack, ..., tls); the child calls entry(argument) on the new stack and then exits by system call.
long clone_and_call(unsigned long flags, void *stack, void *tls, void (*entry)(void *), void *argument) {
  auto **top = static_cast<void **>(stack);
  *--top = argument;
  *--top = reinterpret_cast<void *>(entry);
  long result;
  register void *r8 __asm__("r8") = tls;
  register long r10 __asm__("r10") = 0;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   ".cfi_remember_state\n\t"
                   ".cfi_undefined rip\n\t" // the outermost frame
                   "xor %%ebp, %%ebp\n\t"
                   "pop %%rax\n\t"
                   "pop %%rdi\n\t"
                   "call *%%rax\n\t"
                   "mov $60, %%eax\n\t" // SYS_exit: this thread only
                   "xor %%edi, %%edi\n\t"
                   "syscall\n\t"
                   "ud2\n\t"
                   ".cfi_restore_state\n"
                   "1:"
                   : "=a"(result)
                   : "a"(SYS_clone), "D"(flags), "S"(top), "d"(nullptr), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

} // namespace

long start_bare_thread(void (*entry)(void *), void *argument, std::size_t stack_bytes) {
  stack_bytes = (stack_bytes + kPage - 1) & ~(kPage - 1);
  std::size_t below = bytes_below_thread_pointer();
  std::size_t total = kPage + stack_bytes + below + kAboveThreadPointer; // the first page stays a guard
  long mapping = sys::call(SYS_mmap, nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys::failed(mapping))
    return mapping;
  long opened = sys::call(SYS_mprotect, mapping + static_cast<long>(kPage), total - kPage, PROT_READ | PROT_WRITE);
  if (sys::failed(opened)) {
    sys::call(SYS_munmap, mapping, total);
    return opened;
  }
  char *stack = reinterpret_cast<char *>(mapping) + kPage + stack_bytes;
  char *block = stack + below;
  std::memcpy(block, &block, sizeof(block));
  std::memcpy(block + 0x10, &block, sizeof(block));
  std::memcpy(block + kStackGuardOffset, reinterpret_cast<char *>(thread_pointer()) + kStackGuardOffset, kGuardBytes);

  std::uint64_t all = ~0ull, before = 0;
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
  long tid = clone_and_call(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS,
                            stack, block, entry, argument);
  sys::call(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof(all));
  if (sys::failed(tid))
    sys::call(SYS_munmap, mapping, total);
  return tid;
}

} // namespace wfp::arch
