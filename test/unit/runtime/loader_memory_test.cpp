#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/code_memory.h"
#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "runtime/src/unwind.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wfp {
namespace {

Image &own_image() {
  Message why;
  EXPECT_TRUE(refresh_images(why)) << why.c_str();
  return image_at(0);
}

// The line of /proc/self/maps that holds `address`.
std::string map_line(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin, end;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 && address >= begin && address < end)
      return line;
  }
  return "unmapped";
}

constexpr std::uint8_t kReturn42[] = {0xb8, 42, 0, 0, 0, 0xc3}; // mov $42, %eax; ret

TEST(CodeMemory, RoomIsWithinReachAndReserved) {
  Image &image = own_image();
  Message why;
  std::uintptr_t room = take_room(image, 3 * 4096 + 1, why);
  ASSERT_TRUE(room) << why.c_str();
  EXPECT_EQ(room % 4096, 0u);
  auto distance = [](std::uintptr_t a, std::uintptr_t b) { return a > b ? a - b : b - a; };
  EXPECT_LT(distance(room, image.high), std::uintptr_t{1} << 31);
  EXPECT_LT(distance(room + 4 * 4096, image.low), std::uintptr_t{1} << 31);
  EXPECT_NE(map_line(room).find("---p"), std::string::npos) << map_line(room);
  return_room(image, room, 3 * 4096 + 1);
  EXPECT_EQ(take_room(image, 4096, why), room) << "returned room is handed out again";
  return_room(image, room, 4096);
}

TEST(CodeMemory, CodeIsMappedFromASealedFile) {
  Image &image = own_image();
  Message why;
  std::uintptr_t room = take_room(image, 4096, why);
  ASSERT_TRUE(map_sealed(room, kReturn42, sizeof kReturn42, true, "wfpatch:test", why)) << why.c_str();
  EXPECT_EQ(reinterpret_cast<int (*)()>(room)(), 42);
  EXPECT_NE(map_line(room).find("r-xp"), std::string::npos) << map_line(room);
  EXPECT_NE(map_line(room).find("/memfd:wfpatch:test"), std::string::npos) << map_line(room);
  return_room(image, room, 4096);
  EXPECT_NE(map_line(room).find("---p"), std::string::npos) << map_line(room);
}

TEST(CodeMemory, ConstantsAreReadOnly) {
  Image &image = own_image();
  Message why;
  std::uintptr_t room = take_room(image, 8192, why);
  const std::string text(5000, 'x');
  ASSERT_TRUE(map_sealed(room, text.data(), text.size(), false, "wfpatch:test", why)) << why.c_str();
  EXPECT_EQ(std::memcmp(reinterpret_cast<const void *>(room), text.data(), text.size()), 0);
  EXPECT_NE(map_line(room).find("r--p"), std::string::npos) << map_line(room);
  EXPECT_NE(map_line(room + 4096).find("r--p"), std::string::npos) << map_line(room + 4096);
  return_room(image, room, 8192);
}

TEST(CodeMemory, DataIsWritableAndZero) {
  Image &image = own_image();
  Message why;
  std::uintptr_t room = take_room(image, 8192, why);
  ASSERT_TRUE(map_data(room, 5000, why)) << why.c_str();
  auto *bytes = reinterpret_cast<unsigned char *>(room);
  EXPECT_EQ(bytes[0] | bytes[8191], 0);
  bytes[8191] = 1;
  EXPECT_NE(map_line(room).find("rw-p"), std::string::npos);
  return_room(image, room, 8192);
}

TEST(CodeMemory, ManyRooms) {
  Image &image = own_image();
  Message why;
  std::uintptr_t rooms[8];
  for (std::uintptr_t &room : rooms) { // more than one reservation
    room = take_room(image, 12u << 20, why);
    ASSERT_TRUE(room) << why.c_str();
    for (std::uintptr_t &other : rooms) {
      if (&other == &room)
        break;
      EXPECT_TRUE(other + (12u << 20) <= room || room + (12u << 20) <= other);
    }
  }
  for (std::size_t i = 8; i-- > 0;)
    return_room(image, rooms[i], 12u << 20);
}

TEST(CodeMemory, RefusesWhatCannotBeReached) {
  Image &image = own_image();
  Message why;
  EXPECT_FALSE(take_room(image, std::size_t{3} << 30, why));
  EXPECT_NE(std::string(why.c_str()).find("within 2 GiB of"), std::string::npos) << why.c_str();
}

// PR_SET_MDWE: no mapping may become executable that was not; it cannot be taken back, so a child tries.
TEST(CodeMemory, WorksUnderMdwe) {
  Image &image = own_image();
  pid_t child = fork();
  if (child == 0) {
    constexpr int kSetMdwe = 65, kRefuseExecGain = 1;
    if (prctl(kSetMdwe, kRefuseExecGain, 0, 0, 0) != 0)
      _exit(77);
    Message why;
    std::uintptr_t room = take_room(image, 4096, why);
    if (!room || !map_sealed(room, kReturn42, sizeof kReturn42, true, "wfpatch:test", why))
      _exit(1);
    _exit(reinterpret_cast<int (*)()>(room)());
  }
  int status;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    GTEST_SKIP() << "this kernel has no PR_SET_MDWE";
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

// A filter of system calls without memfd_create, as containers may have; it cannot be taken back, so a child tries.
TEST(CodeMemory, RefusesWhereMemfdIsDenied) {
  Image &image = own_image();
  pid_t child = fork();
  if (child == 0) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program = {4, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
      _exit(77);
    Message why;
    std::uintptr_t room = take_room(image, 4096, why);
    if (!room || map_sealed(room, kReturn42, sizeof kReturn42, true, "wfpatch:test", why))
      _exit(1);
    _exit(std::strcmp(why.c_str(), "memfd_create for wfpatch:test failed: operation not permitted (EPERM)") ? 2 : 0);
  }
  int status;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Relocation, RangesAreExact) {
  using arch::Field;
  struct {
    Field field;
    std::int64_t lowest, highest;
  } const ranges[] = {{Field::kSigned8, -128, 127},
                      {Field::kSigned16, -32768, 32767},
                      {Field::kSigned32, INT32_MIN, INT32_MAX},
                      {Field::kUnsigned32, 0, UINT32_MAX}};
  for (const auto &range : ranges) {
    EXPECT_TRUE(arch::fits(range.field, range.lowest));
    EXPECT_TRUE(arch::fits(range.field, range.highest));
    EXPECT_FALSE(arch::fits(range.field, range.lowest - 1));
    EXPECT_FALSE(arch::fits(range.field, range.highest + 1));
  }
  EXPECT_TRUE(arch::fits(Field::kBits64, INT64_MIN));
  std::uint8_t place[10];
  for (Field field : {Field::kSigned8, Field::kSigned16, Field::kSigned32, Field::kBits64}) {
    std::memset(place, 0x55, sizeof place);
    arch::write_field(field, place + 1, -2);
    std::size_t width = arch::field_bytes(field);
    EXPECT_EQ(place[0], 0x55);
    EXPECT_EQ(place[1], 0xfe);
    EXPECT_EQ(place[width], width > 1 ? 0xff : 0xfe);
    EXPECT_EQ(place[width + 1], 0x55);
  }
}

TEST(Relocation, KindsAndNames) {
  EXPECT_EQ(arch::relocation_kind(R_X86_64_PLT32)->expression, arch::Expression::kBranch);
  EXPECT_EQ(arch::relocation_kind(R_X86_64_32)->field, arch::Field::kUnsigned32);
  EXPECT_EQ(arch::relocation_kind(R_X86_64_32S)->field, arch::Field::kSigned32);
  EXPECT_EQ(arch::relocation_kind(R_X86_64_GOTPC32_TLSDESC), nullptr);
  EXPECT_STREQ(arch::relocation_name(R_X86_64_GOTPC32_TLSDESC), "R_X86_64_GOTPC32_TLSDESC");
  EXPECT_STREQ(arch::relocation_name(250), "of unknown type");
}

TEST(Relocation, StubsJumpThroughTheirSlot) {
  Image &image = own_image();
  Message why;
  std::uintptr_t room = take_room(image, 8192, why);
  std::uint8_t code[arch::kStubBytes];
  ASSERT_TRUE(arch::encode_stub(room, room + 4096, code));
  ASSERT_TRUE(map_sealed(room, code, sizeof code, true, "wfpatch:test", why) && map_data(room + 4096, 8, why));
  *reinterpret_cast<std::uintptr_t *>(room + 4096) = reinterpret_cast<std::uintptr_t>(&::getppid);
  EXPECT_EQ(reinterpret_cast<pid_t (*)()>(room)(), getppid());
  EXPECT_FALSE(arch::encode_stub(room, room + (std::uintptr_t{1} << 32), code));
  return_room(image, room, 8192);
}

TEST(Relocation, FindsSleds) {
  const std::uint8_t plain[] = {0xa9, 1, 2, 3, 4, 0xc3};
  EXPECT_TRUE(arch::find_sled(plain, sizeof plain).has_sled);
  EXPECT_EQ(arch::find_sled(plain, sizeof plain).body, 5u);
  EXPECT_FALSE(arch::find_sled(plain, 4).has_sled);
  const std::uint8_t guarded[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xe9, 1, 2, 3, 4, 0xc3};
  EXPECT_EQ(arch::find_sled(guarded, sizeof guarded).sled, 4u);
  EXPECT_EQ(arch::find_sled(guarded, sizeof guarded).body, 9u);
  EXPECT_FALSE(arch::find_sled(guarded, 8).has_sled);
  const std::uint8_t none[] = {0xc3};
  EXPECT_EQ(arch::find_sled(none, sizeof none).body, 0u);
}

TEST(Unwind, RangesAreFoundAndForgotten) {
  Message why;
  UnwindRange found;
  constexpr std::uintptr_t kBase = 0x1000; // nothing is mapped there
  EXPECT_FALSE(find_code_unwind(kBase, found));
  ASSERT_TRUE(register_code_unwind(kBase + 0x200, kBase + 0x300, 2, why));
  ASSERT_TRUE(register_code_unwind(kBase, kBase + 0x100, 1, why));
  ASSERT_TRUE(register_code_unwind(kBase + 0x400, kBase + 0x500, 3, why));
  EXPECT_TRUE(find_code_unwind(kBase, found));
  EXPECT_EQ(found.header, 1u);
  EXPECT_TRUE(find_code_unwind(kBase + 0x2ff, found));
  EXPECT_EQ(found.header, 2u);
  EXPECT_FALSE(find_code_unwind(kBase + 0x300, found));
  EXPECT_FALSE(find_code_unwind(kBase + 0x100, found));
  EXPECT_FALSE(find_code_unwind(kBase - 1, found));
  unregister_code_unwind(kBase + 0x200);
  EXPECT_FALSE(find_code_unwind(kBase + 0x200, found));
  EXPECT_TRUE(find_code_unwind(kBase + 0x4ff, found));
  unregister_code_unwind(kBase);
  unregister_code_unwind(kBase + 0x400);
  unregister_code_unwind(kBase + 0x400); // no such range: nothing happens
  EXPECT_FALSE(find_code_unwind(kBase + 0x400, found));
}

} // namespace
} // namespace wfp
