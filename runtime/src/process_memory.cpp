#include "runtime/src/process_memory.h"

#include "runtime/src/base/sys.h"

#include <cstring>
#include <fcntl.h>
#include <linux/membarrier.h>

namespace wfp {

namespace {
long memory_file = -1;
}

bool open_process_memory(Message &why) {
  memory_file = sys::call(SYS_openat, AT_FDCWD, "/proc/thread-self/mem", O_RDWR | O_CLOEXEC, 0);
  if (!sys::failed(memory_file))
    return true;
  why << "cannot open /proc/thread-self/mem to patch code: " << sys::error_name(memory_file);
  memory_file = -1;
  return false;
}

bool read_memory(std::uintptr_t address, void *to, std::size_t size) {
  if (memory_file < 0) {
    std::memcpy(to, reinterpret_cast<const void *>(address), size);
    return true;
  }
  return sys::call(SYS_pread64, memory_file, to, size, address) == static_cast<long>(size);
}

bool write_memory(std::uintptr_t address, const void *bytes, std::size_t size, Message &why) {
  long written = sys::call(SYS_pwrite64, memory_file, bytes, size, address);
  if (written == static_cast<long>(size))
    return true;
  why << "the kernel does not let this process patch its code at ";
  why.hex(address) << " (" << sys::error_name(written) << "; proc_mem.force_override?)";
  return false;
}

bool prepare_sync_core(Message &why) {
  long result = sys::call(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
  if (!sys::failed(result))
    return true;
  why << "the kernel has no membarrier(SYNC_CORE): " << sys::error_name(result);
  return false;
}

void sync_core() { sys::call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0); }

} // namespace wfp
