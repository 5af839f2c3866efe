// System calls for the control thread.
//
// The control thread is a bare clone(): glibc does not know it, so that a single-threaded program keeps glibc's
// single-threaded fast paths.  The price: code that runs on it may call nothing in libc that uses errno, locks, the
// allocator, stdio or locale.  Allowed are mem*() and str*() without locale, these system calls, arena.h and text.h.
// The same rule holds for code that application threads run while moving, for another reason (G1).
#pragma once

#include "runtime/arch/x86_64/syscall.h"

#include <cstdint>
#include <sys/syscall.h>
#include <type_traits>

namespace wfp::sys {

template <typename T> inline long as_long(T value) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<long>(value);
  else
    return static_cast<long>(value);
}
inline long as_long(decltype(nullptr)) { return 0; }

// syscall(SYS_x, ...): the kernel's result, a negative errno on failure.
template <typename... Args> inline long call(long number, Args... args) {
  static_assert(sizeof...(Args) <= 6);
  long padded[6] = {as_long(args)...};
  return arch::syscall6(number, padded[0], padded[1], padded[2], padded[3], padded[4], padded[5]);
}

inline bool failed(long result) { return result < 0 && result > -4096; }

// "No such file or directory (ENOENT)" for the errors that wfpatch can meet, else "errno N" through the caller.
const char *error_name(long result);

// CLOCK_MONOTONIC in nanoseconds, by system call (the control thread cannot rely on the vDSO's TLS-free-ness).
std::uint64_t monotonic_ns();

} // namespace wfp::sys
