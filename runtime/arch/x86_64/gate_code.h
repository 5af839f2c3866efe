// The instructions of gates and sleds, and the few other things that only this CPU knows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::arch {

// A gate and its dispatch code, in one block:
//
//   +0   gate:      [notrack] jmp *ptr(%rip)        3e ff 25 disp32    ptr: 8 bytes of ordinary data
//   +8   dispatch:  mov %fs:view, %r11              64 4c 8b 1c 25 imm32
//   +17             [notrack] jmp *8*slot(%r11)     3e 41 ff a3 disp32
//   +25             int3 ...
//
// r11 is free at a function's entry (System V psABI, 3.2.3; the plugin gives sleds only to conventions for which that holds).
// notrack, because bodies behind the sled have no endbr64.
inline constexpr std::size_t kGateBytes = 32;
inline constexpr std::size_t kDispatchOffset = 8;

struct GateCode {
  std::uintptr_t address;       // where the 32 bytes will be
  std::uintptr_t pointer;       // address of ptr, within +-2 GiB
  std::int32_t view_offset;     // of wfp_view, from the thread pointer
  std::uint32_t slot;
  bool branch_protection;       // write notrack
};
void encode_gate(const GateCode &gate, std::uint8_t *bytes);

// The displacement that a sled at `sled` needs to jump to `target`; false if it is out of reach.
bool sled_displacement(std::uintptr_t sled, std::uintptr_t target, std::int32_t &displacement);

inline std::uintptr_t thread_pointer() {
  std::uintptr_t value;
  __asm__("mov %%fs:0, %0" : "=r"(value));
  return value;
}

// Cycles of a clock that is the same on all cores, for rate limits; not serialising.
inline std::uint64_t cycles() {
  std::uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (std::uint64_t{high} << 32) | low;
}

} // namespace wfp::arch
