#include "runtime/arch/x86_64/relocation.h"

#include "format/records.h"

#include <cstring>
#include <elf.h>

namespace wfp::arch {

namespace {

#define KIND(NAME, EXPRESSION, FIELD) {NAME, #NAME, Expression::EXPRESSION, Field::FIELD}
constexpr RelocationKind kKinds[] = {
    KIND(R_X86_64_NONE, kNothing, kNone),
    KIND(R_X86_64_64, kAbsolute, kBits64),
    KIND(R_X86_64_32, kAbsolute, kUnsigned32),
    KIND(R_X86_64_32S, kAbsolute, kSigned32),
    KIND(R_X86_64_PC8, kRelative, kSigned8),
    KIND(R_X86_64_PC16, kRelative, kSigned16),
    KIND(R_X86_64_PC32, kRelative, kSigned32),
    KIND(R_X86_64_PC64, kRelative, kBits64),
    KIND(R_X86_64_PLT32, kBranch, kSigned32),
    KIND(R_X86_64_GOTPCREL, kGotSlot, kSigned32),
    KIND(R_X86_64_GOTPCRELX, kGotSlot, kSigned32),
    KIND(R_X86_64_REX_GOTPCRELX, kGotSlot, kSigned32),
    KIND(R_X86_64_GOTPCREL64, kGotSlot, kBits64),
    KIND(R_X86_64_TLSGD, kGotTlsModule, kSigned32),
    KIND(R_X86_64_TLSLD, kGotTlsLocal, kSigned32),
    KIND(R_X86_64_GOTTPOFF, kGotTlsOffset, kSigned32),
    KIND(R_X86_64_TPOFF32, kTlsOffset, kSigned32),
    KIND(R_X86_64_TPOFF64, kTlsOffset, kBits64),
    KIND(R_X86_64_DTPOFF32, kModuleOffset, kSigned32),
    KIND(R_X86_64_DTPOFF64, kModuleOffset, kBits64),
    KIND(R_X86_64_SIZE32, kSize, kUnsigned32),
    KIND(R_X86_64_SIZE64, kSize, kBits64),
};
#undef KIND

// Kinds that are known and not supported: what only linkers write, and what only other code models need.
#define NAMED(NAME) {NAME, #NAME}
constexpr struct {
  std::uint32_t type;
  const char *name;
} kUnsupported[] = {
    NAMED(R_X86_64_GOT32),    NAMED(R_X86_64_COPY),      NAMED(R_X86_64_GLOB_DAT),        NAMED(R_X86_64_JUMP_SLOT),
    NAMED(R_X86_64_RELATIVE), NAMED(R_X86_64_16),        NAMED(R_X86_64_8),               NAMED(R_X86_64_DTPMOD64),
    NAMED(R_X86_64_GOTOFF64), NAMED(R_X86_64_GOTPC32),   NAMED(R_X86_64_GOT64),           NAMED(R_X86_64_GOTPC64),
    NAMED(R_X86_64_GOTPLT64), NAMED(R_X86_64_PLTOFF64),  NAMED(R_X86_64_GOTPC32_TLSDESC), NAMED(R_X86_64_TLSDESC_CALL),
    NAMED(R_X86_64_TLSDESC),  NAMED(R_X86_64_IRELATIVE), NAMED(R_X86_64_RELATIVE64),
};
#undef NAMED

} // namespace

const RelocationKind *relocation_kind(std::uint32_t type) {
  for (const RelocationKind &kind : kKinds)
    if (kind.type == type)
      return &kind;
  return nullptr;
}

const char *relocation_name(std::uint32_t type) {
  if (const RelocationKind *kind = relocation_kind(type))
    return kind->name;
  for (const auto &kind : kUnsupported)
    if (kind.type == type)
      return kind.name;
  return "of unknown type";
}

std::size_t field_bytes(Field field) {
  switch (field) {
  case Field::kNone: return 0;
  case Field::kSigned8: return 1;
  case Field::kSigned16: return 2;
  case Field::kSigned32:
  case Field::kUnsigned32: return 4;
  case Field::kBits64: return 8;
  }
  return 0;
}

bool fits(Field field, std::int64_t value) {
  switch (field) {
  case Field::kNone: return true;
  case Field::kSigned8: return value >= INT8_MIN && value <= INT8_MAX;
  case Field::kSigned16: return value >= INT16_MIN && value <= INT16_MAX;
  case Field::kSigned32: return value >= INT32_MIN && value <= INT32_MAX;
  case Field::kUnsigned32: return value >= 0 && value <= UINT32_MAX;
  case Field::kBits64: return true;
  }
  return false;
}

void write_field(Field field, std::uint8_t *place, std::int64_t value) {
  std::memcpy(place, &value, field_bytes(field)); // little-endian: the low bytes come first
}

// ff 25 disp32   jmp *disp32(%rip)     without notrack: what is called from outside begins with endbr64, or is not checked
// cc cc          int3
bool encode_stub(std::uintptr_t address, std::uintptr_t slot, std::uint8_t bytes[kStubBytes]) {
  std::int64_t displacement = static_cast<std::int64_t>(slot - (address + 6));
  if (!fits(Field::kSigned32, displacement))
    return false;
  bytes[0] = 0xff;
  bytes[1] = 0x25;
  write_field(Field::kSigned32, bytes + 2, displacement);
  bytes[6] = bytes[7] = 0xcc;
  return true;
}

Entry find_sled(const std::uint8_t *bytes, std::size_t size) {
  static constexpr std::uint8_t kEndbr64[format::kEndbrSize] = {0xf3, 0x0f, 0x1e, 0xfa};
  std::size_t sled = size >= sizeof kEndbr64 && std::memcmp(bytes, kEndbr64, sizeof kEndbr64) == 0 ? sizeof kEndbr64 : 0;
  if (size - sled >= format::kSledSize && (bytes[sled] == format::kSledIdle || bytes[sled] == format::kSledArmed))
    return {true, sled, sled + format::kSledSize};
  return {false, 0, 0};
}

} // namespace wfp::arch
