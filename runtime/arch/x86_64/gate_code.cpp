#include "runtime/arch/x86_64/gate_code.h"

#include "format/records.h"

#include <cstring>

namespace wfp::arch {

namespace {
std::uint8_t *put32(std::uint8_t *out, std::int32_t value) {
  std::memcpy(out, &value, 4);
  return out + 4;
}
} // namespace

// Model: GATE.
void encode_gate(const GateCode &gate, std::uint8_t *bytes) {
  std::memset(bytes, 0xcc, kGateBytes);

  std::uint8_t *out = bytes;
  if (gate.branch_protection)
    *out++ = 0x3e;
  *out++ = 0xff;
  *out++ = 0x25;
  std::uintptr_t next = gate.address + static_cast<std::uintptr_t>(out - bytes) + 4;
  put32(out, static_cast<std::int32_t>(gate.pointer - next));

  out = bytes + kDispatchOffset;
  const std::uint8_t load_view[] = {0x64, 0x4c, 0x8b, 0x1c, 0x25};
  std::memcpy(out, load_view, sizeof(load_view));
  out = put32(out + sizeof(load_view), gate.view_offset);
  if (gate.branch_protection)
    *out++ = 0x3e;
  const std::uint8_t jump[] = {0x41, 0xff, 0xa3};
  std::memcpy(out, jump, sizeof(jump));
  put32(out + sizeof(jump), static_cast<std::int32_t>(gate.slot * 8));
}

bool sled_displacement(std::uintptr_t sled, std::uintptr_t target, std::int32_t &displacement) {
  std::int64_t distance = static_cast<std::int64_t>(target - (sled + format::kSledSize));
  displacement = static_cast<std::int32_t>(distance);
  return displacement == distance;
}

} // namespace wfp::arch
