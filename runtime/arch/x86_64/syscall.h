// Raw system calls for code that may not touch errno or any other thread-local of libc (see src/base/sys.h for who and why).
// Any thread, async-signal-safe.  Returns what the kernel returns: a negative errno on failure.
#pragma once

namespace wfp::arch {

inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

} // namespace wfp::arch
