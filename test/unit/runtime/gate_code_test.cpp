// The encoders of gates and sleds, against what the assembler gives, and executed.

#include "format/records.h"
#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/view.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <vector>

namespace {

using namespace wfp;

std::vector<std::uint8_t> encode(arch::GateCode gate) {
  std::vector<std::uint8_t> bytes(arch::kGateBytes);
  arch::encode_gate(gate, bytes.data());
  return bytes;
}

TEST(GateCode, Plain) {
  auto bytes = encode({0x10000, 0x11000, -0x78, 3, false});
  const std::uint8_t gate[] = {0xff, 0x25, 0xfa, 0x0f, 0x00, 0x00}; // jmpq *0xffa(%rip)
  EXPECT_EQ(std::memcmp(bytes.data(), gate, sizeof(gate)), 0);
  const std::uint8_t dispatch[] = {0x64, 0x4c, 0x8b, 0x1c, 0x25, 0x88, 0xff, 0xff, 0xff,  // movq %fs:-0x78, %r11
                                   0x41, 0xff, 0xa3, 0x18, 0x00, 0x00, 0x00};             // jmpq *0x18(%r11)
  EXPECT_EQ(std::memcmp(bytes.data() + arch::kDispatchOffset, dispatch, sizeof(dispatch)), 0);
}

TEST(GateCode, BranchProtectionAddsNotrack) {
  auto bytes = encode({0x10000, 0x11000, -0x78, 3, true});
  const std::uint8_t gate[] = {0x3e, 0xff, 0x25, 0xf9, 0x0f, 0x00, 0x00};
  EXPECT_EQ(std::memcmp(bytes.data(), gate, sizeof(gate)), 0);
  EXPECT_EQ(bytes[arch::kDispatchOffset + 9], 0x3e);
}

TEST(SledDisplacement, ReachesTwoGiBAndNoFurther) {
  std::int32_t displacement;
  EXPECT_TRUE(arch::sled_displacement(0x1000, 0x1005, displacement));
  EXPECT_EQ(displacement, 0);
  std::uintptr_t sled = 0x7f0000000000;
  EXPECT_TRUE(arch::sled_displacement(sled, sled + 5 + 0x7fffffff, displacement));
  EXPECT_FALSE(arch::sled_displacement(sled, sled + 5 + 0x80000000, displacement));
  EXPECT_TRUE(arch::sled_displacement(sled, sled + 5 - 0x80000000, displacement));
  EXPECT_FALSE(arch::sled_displacement(sled, sled + 4 - 0x80000000, displacement));
}

int first() { return 1; }
int second() { return 2; }

// A gate that runs: through dispatch it follows the calling thread's view, settled it leads straight to a body.
TEST(GateCode, Runs) {
  auto *block = static_cast<std::uint8_t *>(
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(block, MAP_FAILED);
  auto address = reinterpret_cast<std::uintptr_t>(block);
  auto *pointer = reinterpret_cast<std::uintptr_t *>(address + 4096);
  arch::encode_gate({address, address + 4096, view_thread_offset(), 2, false}, block);
  *pointer = address + arch::kDispatchOffset;
  ASSERT_EQ(mprotect(block, 4096, PROT_READ | PROT_EXEC), 0);

  Body table[3] = {0, 0, reinterpret_cast<Body>(&first)};
  Body *before = wfp_view;
  wfp_view = table;
  auto call = reinterpret_cast<int (*)()>(block);
  int through_first = call();
  table[2] = reinterpret_cast<Body>(&second);
  int through_second = call();
  wfp_view = before;
  EXPECT_EQ(through_first, 1);
  EXPECT_EQ(through_second, 2);
  *pointer = reinterpret_cast<std::uintptr_t>(&first);
  EXPECT_EQ(call(), 1);
  munmap(block, 8192);
}

} // namespace
