// Reading call frame information that is written by hand: what each instruction means, and what is refused.

#include "runtime/src/cfi.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

using namespace wfp;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uintptr_t kBase = 0x100000;
constexpr std::uintptr_t kFunction = 0x1000, kSize = 0x200,
                         kCall = 0x40; // a call at kFunction + kCall returns 5 further on

Bytes memory; // at kBase
Bytes text;   // at kFunction
bool read(std::uintptr_t address, void *to, std::size_t size) {
  const Bytes &from = address >= kBase ? memory : text;
  std::uintptr_t base = address >= kBase ? kBase : kFunction;
  if (address < base || address - base > from.size() || size > from.size() - (address - base))
    return false;
  std::memcpy(to, from.data() + (address - base), size);
  return true;
}

template <typename T> void put(Bytes &to, T value) {
  const auto *bytes = reinterpret_cast<const std::uint8_t *>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}
void align(Bytes &entry) {
  while (entry.size() % 8 != 4)
    entry.push_back(0); // DW_CFA_nop
}

// A table of one CIE and one function, and its header in front.
std::uintptr_t table(const Bytes &fde_program, const Bytes &cie_program = {0x0c, 7, 8, 0x90, 1},
                     const char *augmentation = "zR") {
  Bytes cie, fde;
  put<std::uint32_t>(cie, 0);
  cie.push_back(1);
  cie.insert(cie.end(), augmentation, augmentation + std::strlen(augmentation) + 1);
  cie.insert(cie.end(), {1, 0x78, 16, 1, 0x00}); // pointers are absolute
  cie.insert(cie.end(), cie_program.begin(), cie_program.end());
  align(cie);
  constexpr std::size_t kHeader = 20;
  put<std::uint32_t>(fde, static_cast<std::uint32_t>(4 + cie.size() + 4));
  put<std::uint64_t>(fde, kFunction);
  put<std::uint64_t>(fde, kSize);
  fde.push_back(0);
  fde.insert(fde.end(), fde_program.begin(), fde_program.end());
  align(fde);

  memory.clear();
  memory.insert(memory.end(), {1, 0x1b, 0x03, 0x3b});
  put<std::int32_t>(memory, kHeader - 4);
  put<std::uint32_t>(memory, 1);
  put<std::int32_t>(memory, static_cast<std::int32_t>(kFunction - kBase));
  put<std::int32_t>(memory, static_cast<std::int32_t>(kHeader + 4 + cie.size()));
  put<std::uint32_t>(memory, static_cast<std::uint32_t>(cie.size()));
  memory.insert(memory.end(), cie.begin(), cie.end());
  put<std::uint32_t>(memory, static_cast<std::uint32_t>(fde.size()));
  memory.insert(memory.end(), fde.begin(), fde.end());

  text.assign(kSize + 16, 0x90);
  for (std::uintptr_t at : {kCall, kSize - 5})
    text[at] = 0xe8;
  return kBase;
}

FrameRule rule(const Bytes &program, std::uintptr_t pc = kFunction + kCall + 5) {
  static CfiScratch scratch;
  return find_frame_rule(read, table(program), pc, scratch);
}

TEST(Cfi, InitialRow) {
  FrameRule found = rule({});
  EXPECT_EQ(found.kind, FrameRule::kUsable);
  EXPECT_EQ(found.cfa_base, FrameRule::kStackPointer);
  EXPECT_FALSE(found.cfa_indirect);
  EXPECT_EQ(found.cfa_offset, 8);
  EXPECT_EQ(found.return_offset, -8);
  EXPECT_EQ(found.frame_pointer, FrameRule::kInRegister);
}

// push %rbp; mov %rsp, %rbp
TEST(Cfi, FramePointer) {
  const Bytes program = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6};
  FrameRule found = rule(program);
  EXPECT_EQ(found.cfa_base, FrameRule::kFramePointer);
  EXPECT_EQ(found.cfa_offset, 16);
  EXPECT_EQ(found.frame_pointer, FrameRule::kInMemory);
  EXPECT_EQ(found.frame_base, FrameRule::kCfa);
  EXPECT_EQ(found.frame_offset, -16);
}

// The row of the call counts, not the one of the return address behind it.
TEST(Cfi, RowOfTheCall) {
  EXPECT_EQ(rule({0x40 | 0x3f, 0x0e, 24, 0x40 | 6, 0x0e, 32}).cfa_offset,
            24); // changes at +0x45: where the call returns to
  EXPECT_EQ(rule({0x40 | 0x3f, 0x0e, 24, 0x40 | 5, 0x0e, 32}).cfa_offset, 32); // changes at +0x44: before
  EXPECT_EQ(rule({0x02, 0x10, 0x0e, 24, 0x03, 0x00, 0x01, 0x0e, 32}).cfa_offset, 24);
  EXPECT_EQ(rule({0x02, 0x10, 0x0e, 24, 0x04, 0x10, 0, 0, 0, 0x0e, 32}).cfa_offset, 32);
}

TEST(Cfi, CallAtTheVeryEnd) {
  EXPECT_EQ(rule({}, kFunction + kSize).kind, FrameRule::kUsable);
  EXPECT_EQ(rule({}, kFunction + kSize + 1).kind, FrameRule::kUnknown);
  EXPECT_EQ(rule({}, kFunction).kind, FrameRule::kUnknown);
}

TEST(Cfi, NoReturnAddressWithoutACall) { EXPECT_EQ(rule({}, kFunction + kCall + 4).kind, FrameRule::kUnknown); }

TEST(Cfi, RememberAndRestore) {
  EXPECT_EQ(rule({0x0a, 0x0e, 48, 0x41, 0x0b}).cfa_offset, 8);
  FrameRule found = rule({0x86, 2, 0x41, 0xc6}); // DW_CFA_offset rbp, then DW_CFA_restore rbp
  EXPECT_EQ(found.frame_pointer, FrameRule::kInRegister);
}

// An aligned frame of gcc: the CFA is in memory, rbp is saved where rbp points.
TEST(Cfi, AlignedFrame) {
  FrameRule found = rule({0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0});
  EXPECT_EQ(found.kind, FrameRule::kUsable);
  EXPECT_EQ(found.cfa_base, FrameRule::kFramePointer);
  EXPECT_TRUE(found.cfa_indirect);
  EXPECT_EQ(found.cfa_offset, -8);
  EXPECT_EQ(found.cfa_add, 0);
  EXPECT_EQ(found.frame_pointer, FrameRule::kInMemory);
  EXPECT_EQ(found.frame_base, FrameRule::kFramePointer);
  EXPECT_EQ(found.frame_offset, 0);
}

// Assembly that keeps the old stack pointer on the stack: DW_OP_breg7 152, DW_OP_deref, DW_OP_plus_uconst 8.
TEST(Cfi, SavedStackPointer) {
  FrameRule found = rule({0x0f, 6, 0x77, 0x98, 0x01, 0x06, 0x23, 8});
  EXPECT_EQ(found.cfa_base, FrameRule::kStackPointer);
  EXPECT_TRUE(found.cfa_indirect);
  EXPECT_EQ(found.cfa_offset, 152);
  EXPECT_EQ(found.cfa_add, 8);
}

// A PLT entry: CFA = rsp + 8 + ((rip & 15) >= 11) * 8.
TEST(Cfi, ProcedureLinkageTable) {
  const Bytes program = {0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
  EXPECT_EQ(rule(program).cfa_offset, 8); // 0x1045 & 15 < 11
  static CfiScratch scratch;
  std::uintptr_t header = table(program);
  text[0x4b - 5] = 0xe8;
  EXPECT_EQ(find_frame_rule(read, header, kFunction + 0x4b, scratch).cfa_offset, 16);
}

TEST(Cfi, OutermostFrame) { EXPECT_EQ(rule({0x07, 16}).kind, FrameRule::kOutermost); }

TEST(Cfi, LostFramePointer) {
  EXPECT_EQ(rule({0x07, 6}).frame_pointer, FrameRule::kLost);
  EXPECT_EQ(rule({0x09, 6, 3}).frame_pointer, FrameRule::kLost); // in another register
}

TEST(Cfi, OtherRegistersAreSteppedOver) {
  // rbx, r12 saved; args_size; same_value of r13; offset_extended of r14
  EXPECT_EQ(rule({0x83, 3, 0x8c, 4, 0x2e, 16, 0x08, 13, 0x05, 14, 5, 0x0e, 64}).cfa_offset, 64);
}

TEST(Cfi, RefusedIs) {
  EXPECT_EQ(rule({0x0d, 10}).kind, FrameRule::kUnknown);                        // CFA through r10
  EXPECT_EQ(rule({0x14, 7, 1}).kind, FrameRule::kUnknown);                      // a stack pointer other than the CFA
  EXPECT_EQ(rule({0x09, 16, 3}).kind, FrameRule::kUnknown);                     // the return address in a register
  EXPECT_EQ(rule({0x3f}).kind, FrameRule::kUnknown);                            // an instruction that does not exist
  EXPECT_EQ(rule({0x0b}).kind, FrameRule::kUnknown);                            // restore without remember
  EXPECT_EQ(rule({0x0f, 2, 0x94, 0x04}).kind, FrameRule::kUnknown);             // an expression that is not understood
  EXPECT_EQ(rule({0x0f, 0x7f}).kind, FrameRule::kUnknown);                      // one that runs past the end
  EXPECT_EQ(rule({0x0f, 1, 0x30}).kind, FrameRule::kUnknown);                   // a CFA that is a number
  EXPECT_EQ(rule({0x0f, 4, 0x76, 0x78, 0x06, 0x06}).kind, FrameRule::kUnknown); // two loads
}

TEST(Cfi, SignalFramesAreRefused) {
  static CfiScratch scratch;
  std::uintptr_t header = table({}, {0x0c, 7, 8, 0x90, 1}, "zRS");
  EXPECT_EQ(find_frame_rule(read, header, kFunction + kCall + 5, scratch).kind, FrameRule::kUnknown);
}

TEST(Cfi, TableThatCannotBeRead) {
  static CfiScratch scratch;
  std::uintptr_t header = table({});
  for (std::size_t kept = 0; kept < memory.size(); ++kept) {
    memory.resize(memory.size() - 1);
    EXPECT_EQ(find_frame_rule(read, header, kFunction + kCall + 5, scratch).kind, FrameRule::kUnknown);
  }
}

} // namespace
