#include "runtime/arch/x86_64/frame.h"

namespace wfp::arch {

namespace {

// Bytes of `ff /2` (call through a register or memory) from its opcode on; 0 if `bytes` are no such call.
std::size_t indirect_call_size(const std::uint8_t *bytes, std::size_t available) {
  if (available < 2 || bytes[0] != 0xff || (bytes[1] >> 3 & 7) != 2)
    return 0;
  unsigned mode = bytes[1] >> 6, base = bytes[1] & 7;
  if (mode == 3) // call *%reg
    return 2;
  std::size_t size = 2;
  if (base == 4) { // a SIB byte
    if (available < 3)
      return 0;
    base = bytes[2] & 7;
    ++size;
  }
  if (mode == 1)
    return size + 1;                               // disp8
  return mode == 2 || base == 5 ? size + 4 : size; // disp32, also of (%rip) and of an index without a base
}

} // namespace

bool ends_in_call(const std::uint8_t (&before)[kCallBytes]) {
  if (before[kCallBytes - 5] == 0xe8) // call rel32
    return true;
  for (std::size_t size = 2; size <= kCallBytes; ++size)
    if (indirect_call_size(before + kCallBytes - size, size) == size)
      return true;
  return false;
}

} // namespace wfp::arch
