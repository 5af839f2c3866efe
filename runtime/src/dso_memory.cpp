#include "runtime/src/dso.h"
#include "runtime/src/process_memory.h"

#include <cstring>

namespace wfp {

bool Dso::read(std::uintptr_t address, void *to, std::size_t bytes) const {
  if (address < low || address > high || bytes > high - address)
    return false;
  if (!direct)
    return read_memory(address, to, bytes);
  std::memcpy(to, reinterpret_cast<const void *>(address), bytes);
  return true;
}

} // namespace wfp
