// What the plugin writes into every object, and the runtime and wfdiff read.
//
// Three kinds of record live in loaded, read-only sections; all are fixed width, need no dynamic relocation and survive
// strip.  A field called `*_offset_from_here` holds the distance from the address of *that field* to what it names, as
// R_X86_64_PC32 gives it: the same bytes are right in an object, an executable and a shared library.
//
//   .note.wfpatch    UnitRecord behind an ELF note header, one per unit.  A note, because linkers gather notes into one
//                    PT_NOTE segment which is found without a symbol, a constructor or the section headers.
//   wfp_functions    FunctionRecord[], one per function that the unit emits.  C identifiers, so that linkers define
//   wfp_variables    VariableRecord[]     __start_/__stop_ symbols.  A COMDAT function's record is in its COMDAT; others
//   wfp_tls          ThreadLocalRecord[]  are SHF_LINK_ORDER to what they describe, so that --gc-sections drops both.
//
// Each unit also emits one null record (all zero) into each of the three arrays: the __start_ symbols then always exist.
// A fourth section, .wfpatch.info, is not loaded (SHF_EXCLUDE) and holds JSON for wfdiff: see docs/formats.md.
//
// Names are given as name_hash() of the assembler's symbol name in the unit's object: records stay small and strip loses
// nothing.  Collisions within a unit are refused by wfdiff.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::format {

inline constexpr std::uint32_t kRecordVersion = 1;
inline constexpr std::uint32_t kInfoVersion = 3; // of .wfpatch.info: 2 has virtual tables, 3 closures

inline constexpr char kNoteSection[] = ".note.wfpatch";
inline constexpr char kNoteName[8] = "wfpatch"; // with its NUL: namesz is 8
inline constexpr std::uint32_t kNoteTypeUnit = 1;
inline constexpr char kFunctionsSection[] = "wfp_functions";
inline constexpr char kVariablesSection[] = "wfp_variables";
inline constexpr char kThreadLocalsSection[] = "wfp_tls";
inline constexpr char kInfoSection[] = ".wfpatch.info";
// The hidden, weak symbol of the one ImageState that each image has.
inline constexpr char kImageStateSymbol[] = "__wfp_image";
// Private variables in which -fsanitize=undefined describes its checks are called so (and wfp.check.1, ...), which their
// sections' names tell.
inline constexpr char kCheckName[] = "wfp.check";
inline constexpr char kCheckSection[] = ".data..Lwfp.check";

// The sled: `test $imm32, %eax` (a9) that one byte turns into `jmp rel32` (e9).  Under branch protection it follows the
// function's endbr64.
inline constexpr std::uint8_t kSledIdle = 0xa9;
inline constexpr std::uint8_t kSledArmed = 0xe9;
inline constexpr std::uint32_t kSledSize = 5;
inline constexpr std::uint32_t kEndbrSize = 4;

// The descriptor of a .note.wfpatch note.  The key, NUL-terminated and padded to 4 bytes, follows the fixed part:
// "SOURCE|OBJECT", both relative to the build root.
struct UnitRecord {
  std::uint32_t version;     // kRecordVersion
  std::uint32_t fixed_size;  // sizeof(UnitRecord): where the key begins
  std::uint8_t id[32];       // SHA-256 over the optimised IR (see docs/formats.md)
  std::int32_t functions_start_from_here;
  std::int32_t functions_stop_from_here;
  std::int32_t variables_start_from_here;
  std::int32_t variables_stop_from_here;
  std::int32_t tls_start_from_here;
  std::int32_t tls_stop_from_here;
  std::int32_t image_state_from_here;
  std::uint32_t flags;       // UnitFlag
};
static_assert(sizeof(UnitRecord) == 72);

enum UnitFlag : std::uint32_t {
  kUnitBranchProtection = 1u << 0, // sleds follow endbr64, gates need notrack
};

struct FunctionRecord {
  std::int32_t entry_from_here; // the function's own definition in this object (a local alias), never the PLT
  std::int32_t unit_from_here;  // the UnitRecord's first byte
  std::uint64_t name;           // name_hash
  std::uint32_t flags;          // SymbolFlag
  std::uint32_t reserved;       // 0
};
static_assert(sizeof(FunctionRecord) == 24);

struct VariableRecord {
  std::int32_t address_from_here;
  std::int32_t unit_from_here;
  std::uint64_t name;
  std::uint32_t flags; // SymbolFlag
  std::uint32_t size;  // in bytes, saturated
};
static_assert(sizeof(VariableRecord) == 24);

// `offset` is what the linker makes of sym@dtpoff: bfd stores the offset in the module's TLS block (>= 0), lld in an
// executable the thread-pointer offset (< 0).
struct ThreadLocalRecord {
  std::int64_t offset;
  std::uint64_t name;
  std::int32_t unit_from_here;
  std::uint32_t flags;
  std::uint32_t size;
  std::uint32_t reserved;
};
static_assert(sizeof(ThreadLocalRecord) == 32);

enum SymbolFlag : std::uint32_t {
  kSymbolLocal = 1u << 0,         // internal linkage
  kSymbolWeak = 1u << 1,          // weak or linkonce
  kSymbolHidden = 1u << 2,        // hidden or protected visibility: not preemptible
  kSymbolComdat = 1u << 3,        // the linker keeps one copy of several
  kSymbolAddressTaken = 1u << 4,  // the unit lets its address escape
  kSymbolConstant = 1u << 5,      // variable: in a read-only section
  kFunctionSled = 1u << 8,        // function: has a sled, can be patched
  kFunctionEndbr = 1u << 9,       // function: the sled follows endbr64
  kFunctionConvention = 1u << 10, // function: no sled, since its convention may keep r11 live
  kFunctionNoReturn = 1u << 11,   // function: never returns
  kFunctionCoroutine = 1u << 12,  // function: part of a C++20 coroutine
  kFunctionEndlessLoop = 1u << 13,// function: holds a loop without an exit
  kFunctionLoopBody = 1u << 14,   // function: one turn of another function's event loop
  kFunctionLoopShell = 1u << 15,  // function: stays on the stack and calls such a body
};

// Where a function's sled begins, in bytes from its entry; for one that has a sled.
constexpr std::uint32_t sled_offset(std::uint32_t symbol_flags) { return symbol_flags & kFunctionEndbr ? kEndbrSize : 0; }

// One per image, in writable memory, zero until the runtime fills it: without the runtime every poll is a load and a
// branch not taken.  Polls read `pending`, and call through `poll` with the preserve_most convention if it is set.
struct alignas(64) ImageState {
  std::uint8_t pending;     // 1: an update is on its way, take the slow path
  std::uint8_t reserved[7];
  void (*poll)();           // loop polls: moves the thread if its stack is quiescent
  void (*quiescence_point)(); // explicit points: trusted, no stack check
};
static_assert(sizeof(ImageState) == 64);
static_assert(offsetof(ImageState, poll) == 8);
static_assert(offsetof(ImageState, quiescence_point) == 16);

// 64-bit FNV-1a.  Fixed for ever: it stands in objects.
constexpr std::uint64_t name_hash(const char *name, std::size_t length) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < length; ++i)
    hash = (hash ^ static_cast<std::uint8_t>(name[i])) * 0x100000001b3ull;
  return hash;
}

} // namespace wfp::format
