// The .wfp file: what wfdiff writes and the runtime applies.
//
// A .wfp is a valid ELF64 relocatable object (ET_REL): sections with the new code and data, symbols, relocations, unwind
// and debug information.  All that ELF cannot say stands in one more section, .wfpatch.manifest, which is not loaded:
// a header, then tables of fixed-width rows, then strings.  Everything is little-endian; offsets are bytes from the
// section's start; a string is an offset into the string table and NUL-terminated; index kNone means "there is none".
//
// A reader treats the file as hostile: every table, string and index is checked before use (update_reader.h does it once
// for the runtime, for `wfpatch inspect` and for the fuzzers).
#pragma once

#include <cstdint>

namespace wfp::format {

inline constexpr char kManifestSection[] = ".wfpatch.manifest";
inline constexpr char kManifestMagic[8] = {'W', 'F', 'P', 'A', 'T', 'C', 'H', '\0'};
inline constexpr std::uint32_t kManifestVersion = 1;
inline constexpr std::uint32_t kNone = 0xffffffffu;

// The largest alignment of a section of an update: the runtime places sections in pages, and thread-locals in storage of its own.
inline constexpr std::uint64_t kMostAlignedSection = 4096;
inline constexpr std::uint64_t kMostAlignedThreadLocal = 64;

struct Table {
  std::uint32_t offset; // from the manifest section's first byte; a multiple of 8
  std::uint32_t count;  // rows
};

struct ManifestHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_size;  // sizeof(ManifestHeader)
  // SHA-256 of the whole file with these 32 bytes zero: the update's id, and the check against flipped bytes.
  std::uint8_t digest[32];
  Table units;        // ManifestUnit
  Table sections;     // ManifestSection
  Table functions;    // ManifestFunction: the affected functions, sorted by unit
  Table old_code;     // ManifestOldCode
  Table parts;        // ManifestPart
  Table masks;        // ManifestMask
  Table imports;      // ManifestImport: sorted by symbol
  Table definitions;  // ManifestDefinition
  Table remarks;      // ManifestRemark
  Table strings;      // bytes (count = size)
};
static_assert(sizeof(ManifestHeader) == 128);

// Every unit whose id changed, with or without changed code: so that updates stack.
struct ManifestUnit {
  std::uint32_t key;       // string, UnitRecord's key of the *old* object
  std::uint32_t flags;     // ManifestUnitFlag
  std::uint8_t old_id[32]; // all zero for a unit that OLD does not have
  std::uint8_t new_id[32]; // all zero for a unit that NEW does not have
};
static_assert(sizeof(ManifestUnit) == 72);

enum ManifestUnitFlag : std::uint32_t {
  kUnitTouched = 1u << 0, // has affected functions, or new code or data
  kUnitNew = 1u << 1,     // only in NEW: goes to the image that refers to it
};

// Which unit a loaded section of the .wfp came from; a section without a row is not loaded.
struct ManifestSection {
  std::uint32_t section; // ELF section index
  std::uint32_t unit;
};

enum class FunctionChange : std::uint32_t {
  kReplaced = 0, // old body exists, new body in `symbol`
  kRemoved = 1,  // affected, without a successor
  kAdded = 2,    // only in NEW
};

enum ManifestFunctionFlag : std::uint32_t {
  kAllowActive = 1u << 0,  // --allow-active: may be on a thread's stack when the thread moves
  kFunctionLocal = 1u << 1,
  kFunctionComdatGroup = 1u << 2, // look it up in the whole image: the linker chose one of several copies
};

// A COMDAT function has a row, and a body, for each unit of the update that holds a copy: any of them will do.
struct ManifestFunction {
  std::uint32_t unit;     // of OLD's definition; of NEW's if added.  The body's section may be another unit's: it moved.
  std::uint32_t change;   // FunctionChange
  std::uint32_t old_name; // string: the symbol in OLD; kNone if added
  std::uint32_t new_name; // string: the symbol in NEW; kNone if removed
  std::uint32_t display;  // string: demangled, for people
  std::uint32_t symbol;   // ELF symbol index of the new body's entry; kNone if removed
  std::uint32_t flags;
  std::uint32_t old_code; // first ManifestOldCode row of this function; kNone if added
  std::uint32_t old_code_count; // 1, or for COMDAT functions one for each different old copy
};

// What an old function's code must be: one row for every function of a touched unit, affected or not.
struct ManifestOldCode {
  std::uint32_t unit;
  std::uint32_t name;        // string
  std::uint32_t size;        // bytes of the function's main part
  std::uint32_t first_part;  // ManifestPart rows: .cold and other split parts
  std::uint32_t part_count;
  std::uint32_t first_mask;  // ManifestMask rows within the main part
  std::uint32_t mask_count;
  std::uint32_t flags;       // SymbolFlag bits of its record (kFunctionSled, kFunctionEndbr, kSymbolComdat, ...)
  std::uint8_t digest[32];   // SHA-256 of the main part, masked bytes as zero
};

// A part of a function that lies elsewhere.  It is found through a relative reference in the main part: the signed 32-bit
// field at `reference` holds S + A - P, and the part begins at P + field - bias.
struct ManifestPart {
  std::uint32_t reference; // offset in the main part
  std::int32_t bias;       // the relocation's addend, with the part symbol's offset taken out
  std::uint32_t size;      // bytes
  std::uint32_t reserved;
};

// Bytes of old code that the linker writes or may rewrite: relocated fields, the instruction bytes before a relaxable
// relocation, whole TLS sequences, and the sled.
struct ManifestMask {
  std::uint32_t offset; // in the main part
  std::uint32_t length;
};

enum class ImportKind : std::uint32_t { kFunction = 0, kVariable = 1, kThreadLocal = 2, kUnknown = 3 };

enum ManifestImportFlag : std::uint32_t {
  kImportLocal = 1u << 0, // only this unit's own symbol will do
  kImportWeak = 1u << 1,  // address 0 if nobody defines it
  kImportHidden = 1u << 2,// only this image's own symbol will do
};

// How an undefined symbol of the .wfp is resolved: always by `name`, which is what the symbol is called in OLD (or, for a
// symbol that an earlier update gave, in that update).
struct ManifestImport {
  std::uint32_t symbol; // ELF symbol index
  std::uint32_t unit;   // whose scope
  std::uint32_t name;   // string
  std::uint32_t kind;   // ImportKind
  std::uint32_t flags;
  std::uint32_t reserved;
};

// What a later update may refer to by a name of NEW that OLD's records do not have.
struct ManifestDefinition {
  std::uint32_t unit;
  std::uint32_t name;     // string: the name in NEW
  std::uint32_t symbol;   // ELF symbol index if this update defines it, else kNone and:
  std::uint32_t old_name; // string: it is OLD's symbol of that name, correlated under another one
  std::uint32_t kind;     // ImportKind
  std::uint32_t flags;    // SymbolFlag
};

enum class RemarkKind : std::uint32_t {
  kKept = 0,        // --keep VAR: a changed initial value that the running variable does not get
  kReinit = 1,      // --reinit VAR: the variable's bytes are set to its new initial value: `symbol` is that value
  kTrustedType = 2, // --trust-type T
  kReplacedConst = 3, // --replace-const NAME
  kNote = 4,        // text for `wfpatch inspect`
};

struct ManifestRemark {
  std::uint32_t kind;   // RemarkKind
  std::uint32_t unit;   // or kNone
  std::uint32_t text;   // string: the name or the text
  std::uint32_t symbol; // ELF symbol index or kNone
};

} // namespace wfp::format
