#include "runtime/src/base/sys.h"
#include "runtime/src/dso.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/uio.h>

namespace wfp {

namespace {

// Where a seccomp filter denies process_vm_readv (systemd's @debug group): the same through a file.
bool read_through_proc(std::uintptr_t address, void *to, std::size_t bytes) {
  long file = sys::call(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
  if (sys::failed(file))
    return false;
  long got = sys::call(SYS_pread64, file, to, bytes, address);
  sys::call(SYS_close, file);
  return got == static_cast<long>(bytes);
}

} // namespace

bool read_memory(std::uintptr_t address, void *to, std::size_t bytes) {
  if (bytes == 0)
    return true;
  iovec local = {to, bytes};
  iovec remote = {reinterpret_cast<void *>(address), bytes};
  long process = sys::call(SYS_getpid);
  long got = sys::call(SYS_process_vm_readv, process, &local, 1, &remote, 1, 0);
  if (got == -ENOSYS || got == -EPERM)
    return read_through_proc(address, to, bytes);
  return got == static_cast<long>(bytes);
}

bool Dso::read(std::uintptr_t address, void *to, std::size_t bytes) const {
  if (address < low || address > high || bytes > high - address)
    return false;
  if (!direct)
    return read_memory(address, to, bytes);
  std::memcpy(to, reinterpret_cast<const void *>(address), bytes);
  return true;
}

} // namespace wfp
