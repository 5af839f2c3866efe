#include "runtime/src/base/sys.h"

#include <cerrno>
#include <ctime>

namespace wfp::sys {

const char *error_name(long result) {
  switch (-result) {
  case EPERM: return "operation not permitted (EPERM)";
  case ENOENT: return "no such file or directory (ENOENT)";
  case EINTR: return "interrupted (EINTR)";
  case EIO: return "input/output error (EIO)";
  case EBADF: return "bad file descriptor (EBADF)";
  case EAGAIN: return "resource temporarily unavailable (EAGAIN)";
  case ENOMEM: return "out of memory, or of mappings (ENOMEM)";
  case EACCES: return "permission denied (EACCES)";
  case EFAULT: return "bad address (EFAULT)";
  case EEXIST: return "already exists (EEXIST)";
  case EINVAL: return "invalid argument (EINVAL)";
  case EMFILE: return "too many open files (EMFILE)";
  case ENFILE: return "too many open files in the system (ENFILE)";
  case ENOSPC: return "no space left (ENOSPC)";
  case ENOSYS: return "not implemented by this kernel (ENOSYS)";
  case EADDRINUSE: return "address in use (EADDRINUSE)";
  case EPIPE: return "broken pipe (EPIPE)";
  case ETIMEDOUT: return "timed out (ETIMEDOUT)";
  case 0: return "short transfer";
  default: return "unexpected error";
  }
}

std::uint64_t monotonic_ns() {
  timespec now{};
  call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ull + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace wfp::sys
