#include "runtime/src/text_poke.h"

#include "runtime/src/base/sys.h"

#include <fcntl.h>
#include <linux/membarrier.h>

namespace wfp {

TextPoke::~TextPoke() {
  if (file_ >= 0)
    sys::call(SYS_close, file_);
}

bool TextPoke::open(Message &why) {
  file_ = sys::call(SYS_openat, AT_FDCWD, "/proc/thread-self/mem", O_RDWR | O_CLOEXEC, 0);
  if (sys::failed(file_)) {
    why << "cannot open /proc/thread-self/mem to patch code: " << sys::error_name(file_);
    file_ = -1;
    return false;
  }
  return true;
}

bool TextPoke::write(std::uintptr_t address, const void *bytes, std::size_t size, Message &why) {
  long written = sys::call(SYS_pwrite64, file_, bytes, size, address);
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
