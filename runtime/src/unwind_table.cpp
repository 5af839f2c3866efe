// Builds .eh_frame and .eh_frame_hdr (LSB 5.0 core, 10.6; DWARF 4, 6.4).
#include "runtime/src/base/arena.h"
#include "runtime/src/code_memory.h"
#include "runtime/src/unwind.h"

#include <cstring>

namespace wfp {

namespace {

// Pointer encodings (DW_EH_PE_*).
constexpr std::uint8_t kSigned4PcRelative = 0x1b, kUnsigned4 = 0x03, kSigned4DataRelative = 0x3b;

void put(std::uint8_t *bytes, std::int64_t value) {
  auto narrow = static_cast<std::int32_t>(value);
  std::memcpy(bytes, &narrow, sizeof narrow);
}

// Code whose frame is what a call leaves: nothing but the return address.
constexpr std::uint8_t kPlainCie[24] = {
    20, 0, 0, 0,          // length
    0, 0, 0, 0,           // CIE
    1,                    // version
    'z', 'R', 0,          // augmentation: FDE pointers are encoded as said below
    1,                    // code alignment factor
    0x78,                 // data alignment factor: -8
    16,                   // return address: column 16 (rip)
    1, kSigned4PcRelative, // augmentation data
    0x0c, 7, 8,           // DW_CFA_def_cfa: rsp + 8
    0x90, 1,              // DW_CFA_offset: rip at CFA - 8
    0, 0,                 // DW_CFA_nop
};
constexpr std::size_t kPlainFdeBytes = 24; // length, CIE pointer, pc begin, pc range, augmentation size, padding

} // namespace

std::size_t unwind_header_bytes(std::size_t rows) { return 12 + 8 * rows; }

void write_unwind_header(std::uint8_t *bytes, std::uintptr_t address, std::uintptr_t frames, UnwindRow *rows,
                         std::uint32_t count) {
  sort(rows, count, [](const UnwindRow &a, const UnwindRow &b) { return a.begin < b.begin; });
  bytes[0] = 1; // version
  bytes[1] = kSigned4PcRelative;
  bytes[2] = kUnsigned4;
  bytes[3] = kSigned4DataRelative;
  put(bytes + 4, static_cast<std::int64_t>(frames - (address + 4)));
  put(bytes + 8, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    put(bytes + 12 + 8 * i, static_cast<std::int64_t>(rows[i].begin - address));
    put(bytes + 16 + 8 * i, static_cast<std::int64_t>(rows[i].fde - address));
  }
}

bool register_gate_unwind(Image &image, std::uintptr_t begin, std::uintptr_t end, Message &why) {
  std::uint8_t table[sizeof kPlainCie + kPlainFdeBytes + 4 + 20] = {};
  std::uintptr_t address = take_room(image, sizeof table, why);
  if (!address)
    return false;
  std::memcpy(table, kPlainCie, sizeof kPlainCie);
  std::uint8_t *fde = table + sizeof kPlainCie;
  std::uintptr_t fde_address = address + sizeof kPlainCie;
  put(fde, kPlainFdeBytes - 4);
  put(fde + 4, sizeof kPlainCie + 4);
  put(fde + 8, static_cast<std::int64_t>(begin - (fde_address + 8)));
  put(fde + 12, static_cast<std::int64_t>(end - begin));
  std::size_t header = sizeof kPlainCie + kPlainFdeBytes + 4; // behind the terminator
  UnwindRow row = {begin, fde_address};
  write_unwind_header(table + header, address + header, address, &row, 1);
  if (map_sealed(address, table, sizeof table, false, "wfpatch:gates-unwind", why) &&
      register_code_unwind(begin, end, address + header, why))
    return true;
  return_room(image, address, sizeof table);
  return false;
}

} // namespace wfp
