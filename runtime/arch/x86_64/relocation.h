// The relocations of x86-64 (psABI 1.0, tables 4.9 and 4.10): each kind is an expression, a field and its range.  Nothing
// here knows symbols or sections; linker_relocate.cpp gives the values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::arch {

// psABI: S the symbol's value, A the addend, P the place, G the GOT slot's address, L the PLT stub's address.
enum class Expression : std::uint8_t {
  kNothing,
  kAbsolute,      // S + A
  kRelative,      // S + A - P
  kBranch,        // L + A - P, L = S where S is within reach
  kGotSlot,       // G + A - P, the slot holds S
  kGotTlsModule,  // G + A - P, two slots: module and offset of S (general dynamic)
  kGotTlsLocal,   // G + A - P, two slots: this module and 0 (local dynamic)
  kGotTlsOffset,  // G + A - P, the slot holds S's offset from the thread pointer (initial exec)
  kTlsOffset,     // S's offset from the thread pointer + A (local exec)
  kModuleOffset,  // S's offset in its module's block + A
  kSize,          // S's size + A
};

enum class Field : std::uint8_t { kNone, kSigned8, kSigned16, kSigned32, kUnsigned32, kBits64 };

struct RelocationKind {
  std::uint32_t type; // R_X86_64_*
  const char *name;
  Expression expression;
  Field field;
};

// nullptr for a kind that updates may not contain; `relocation_name` knows those too, where the psABI does.
const RelocationKind *relocation_kind(std::uint32_t type);
const char *relocation_name(std::uint32_t type);

std::size_t field_bytes(Field field);
// Whether the value can be stored; `write_field` stores it.
bool fits(Field field, std::int64_t value);
void write_field(Field field, std::uint8_t *place, std::int64_t value);

// A stub at `address` that jumps to where the 8 bytes at `slot` lead.  False if the slot is out of reach.
inline constexpr std::size_t kStubBytes = 8;
inline constexpr std::size_t kSlotBytes = 8;
bool encode_stub(std::uintptr_t address, std::uintptr_t slot, std::uint8_t bytes[kStubBytes]);

// Where the body of a function begins whose code starts with `bytes`: behind endbr64 and sled, as far as they are there.
// `sled` becomes the sled's offset, or `none` when there is no sled.
struct Entry {
  bool has_sled;
  std::size_t sled; // offset
  std::size_t body; // offset
};
Entry find_sled(const std::uint8_t *bytes, std::size_t size);

} // namespace wfp::arch
