// The parts of link_update() share this: what is known of the .wfp (LinkFile), and for each image that it applies to what
// is loaded where (ImageLink).  The passes and their files:
//
//   linker.cpp             the list of passes, and what becomes of their results
//   linker_units.cpp       which units of which images the update applies to
//   linker_old_code.cpp    existing functions: found, compared with their digests, their parts located
//   linker_sections.cpp    which sections go into which image, and where
//   linker_symbols.cpp     what a symbol of the .wfp means in an image
//   linker_relocate.cpp    fills in the fields
//   linker_frames.cpp      unwind tables
//   linker_debugger.cpp    gdb's JIT interface
//   linker_overlay.cpp     what entered updates have added to images
#pragma once

#include "format/update_reader.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/image.h"
#include "runtime/src/linked_update.h"
#include "runtime/src/linker_index.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

inline constexpr std::uint32_t kNoIndex = UINT32_MAX;

struct DebuggerEntry; // linker_debugger.cpp

// What a symbol means.
struct SymbolValue {
  enum class Kind : std::uint8_t {
    kUnresolved, // not looked up yet
    kAddress,
    kThreadLocal,
    kSection,    // lies in a section of this update that is loaded into an image: `image_link`, `address` is the offset
    kOwnHandle,  // __dso_handle: a slot of `image_link`
  };
  Kind kind = Kind::kUnresolved;
  bool has_thread_offset = false;
  std::uint32_t section = 0;    // kSection
  std::uint32_t image_link = 0; // kSection, kOwnHandle: which image has it loaded
  std::uintptr_t address = 0;   // kThreadLocal: offset in the module's block
  std::size_t module = 0;       // kThreadLocal
  std::intptr_t thread_offset = 0; // kThreadLocal: from the thread pointer, if has_thread_offset
  std::size_t size = 0;
};

enum class Area : std::uint8_t { kNotLoaded, kCode, kConstants, kData, kThreadStorage };

struct SectionPlace {
  Area area = Area::kNotLoaded;
  std::uint64_t offset = 0; // in its area
};

// One of an image's mappings of new content.  `bytes` is the content before it is mapped.
struct AreaContent {
  std::uint64_t size = 0;         // in use
  std::uint64_t file_size = 0;    // the rest is zero
  std::uint8_t *bytes = nullptr;
  std::uintptr_t address = 0;
  std::uintptr_t mapped_size() const { return (size + 4095) & ~std::uint64_t{4095}; }
};

// One CIE or FDE that an image needs.
struct FrameEntry {
  std::uint32_t section;
  std::uint32_t offset, size;  // in its .eh_frame section, length field included
  std::uint32_t cie;           // FDE: index of its CIE in ImageLink::frames; CIE: kNoIndex
  std::uint32_t new_offset;    // in the image's table
  std::uint32_t first_relocation, relocation_count;
};

struct ImageLink {
  Image *image;
  std::uint32_t index; // in LinkFile::images
  std::uint32_t *unit_of;   // by manifest unit: index into image->units, or kNoIndex
  bool *added_unit;         // by manifest unit: a new one that goes to this image
  SectionPlace *places;     // by ELF section
  SymbolValue *values;      // by ELF symbol
  std::uint32_t *address_slots, *thread_offset_slots, *module_slots; // by ELF symbol: slot number, or kNoIndex
  std::uint32_t *stubs;                                              // by ELF symbol: stub number, or kNoIndex
  std::uint32_t local_module_slot = kNoIndex, handle_slot = kNoIndex;
  std::uint32_t slot_count = 0, stub_count = 0;
  std::uint64_t slots_offset = 0; // in kConstants
  std::uint64_t stubs_offset = 0; // in kCode
  std::uint64_t frames_offset = 0, frames_size = 0, frame_header_offset = 0, frame_header_size = 0; // in kConstants
  Vec<FrameEntry> frames;
  AreaContent code, constants, data;
  AreaContent thread_storage; // `address`: offset from the thread pointer
  std::uintptr_t room = 0;
  std::size_t room_size = 0;
  bool unwind_registered = false;
  DebuggerEntry *shown = nullptr;

  AreaContent &area(Area which) {
    return which == Area::kCode         ? code
           : which == Area::kConstants ? constants
           : which == Area::kData      ? data
                                       : thread_storage;
  }
};

struct LinkFile {
  format::UpdateReader reader;
  LinkedUpdate *update;
  Arena scratch; // until link_update returns
  Message *why;
  std::uint32_t *unit_of_section;   // by ELF section: manifest unit, or kNoIndex
  std::uint32_t *relocations_of;    // by ELF section: index of its SHT_RELA section, or 0
  std::uint32_t *import_of_symbol;  // by ELF symbol: index into reader.imports(), or kNoIndex
  Vec<ImageLink *> images;

  const char *unit_key(std::uint32_t unit) const { return reader.string(reader.units()[unit].key); }
  Message &refuse() { return *why; }
};

// Which unit of which image goes from which id to which (LinkedUpdate::units).
struct LinkedUnit {
  Image *image;
  std::uint32_t unit;      // index into Image::units; kNoIndex for a new unit that has none yet
  const char *key;
  std::uint8_t old_id[32];
  std::uint8_t new_id[32];
  bool added;
};

// What is kept of a link for later (LinkedUpdate::loader_state).
struct KeptImage {
  Image *image;
  std::uintptr_t room;
  std::size_t room_size;
  std::uintptr_t code;
  std::intptr_t thread_storage;
  std::size_t thread_storage_size;
  bool unwind_registered;
  DebuggerEntry *shown;
};
struct KeptName {
  Image *image;
  const char *unit_key; // the index of a new unit is known only once it has been entered
  OverlayName name;
};
struct KeptBody {
  Image *image;
  OverlayBody body;
};
struct KeptState {
  Vec<KeptImage> images;
  Vec<KeptName> names;
  Vec<KeptBody> bodies;
};

// linker_units.cpp
[[nodiscard]] bool match_units(LinkFile &file);

// linker_old_code.cpp
// Appends a LinkedFunction (without its new code) for each affected function that exists, with the index of its manifest
// row in `rows`, to the update, after comparing all old code of the touched units with its digests.
[[nodiscard]] bool check_old_code(LinkFile &file, ImageLink &link, Vec<std::uint32_t> &rows);

// linker_sections.cpp
[[nodiscard]] bool choose_sections(LinkFile &file, ImageLink &link);
[[nodiscard]] bool resolve_and_count(LinkFile &file, ImageLink &link); // symbols, slots, stubs
[[nodiscard]] bool lay_out(LinkFile &file, ImageLink &link);           // offsets, room, addresses, buffers

// linker_symbols.cpp
// What `symbol` means in `link`'s image; false and a refusal when it means nothing.
[[nodiscard]] bool resolve_symbol(LinkFile &file, ImageLink &link, std::uint32_t symbol);
// Where a value is; after lay_out of all images.
// The same for a name that no symbol of the .wfp stands for.
[[nodiscard]] bool resolve_name(LinkFile &file, ImageLink &link, const format::ManifestImport &import, SymbolValue &value);
std::uintptr_t address_of(const LinkFile &file, const SymbolValue &value);
std::uintptr_t slot_address(const ImageLink &link, std::uint32_t slot);
const char *symbol_label(const LinkFile &file, std::uint32_t symbol);
// What the local-dynamic model counts from: the image's own thread-local module, or the pool's if it has none.
[[nodiscard]] bool own_module(LinkFile &file, const ImageLink &link, SymbolValue &value);

// The same without the pool and without a refusal.
[[nodiscard]] bool find_own_module(const ImageLink &link, SymbolValue &value);
// A thread-local in the pool, as code of `link`'s image sees it.
void set_pooled(const ImageLink &link, std::intptr_t thread_offset, SymbolValue &value);
// The value once all is laid out: of a new thread-local its place in the pool.
SymbolValue final_value(const LinkFile &file, const SymbolValue &value);

// A function by its OLD name in the scope of a unit: through the overlay, then the records.  For COMDAT the whole image
// counts.  `found.address` is the original entry, wherever it is; current_body() is what it leads to now.
struct FoundFunction {
  std::uintptr_t entry;
  std::uint32_t flags; // format::SymbolFlag
  bool in_update;      // its original code lies in an earlier update
};
[[nodiscard]] bool find_function(const Image &image, std::uint32_t unit, const char *name, bool whole_image,
                                 FoundFunction &found);
std::uintptr_t sled_of(const FoundFunction &function);
std::uintptr_t current_body(const Image &image, const FoundFunction &function);

// linker_relocate.cpp
[[nodiscard]] bool relocate(LinkFile &file, ImageLink &link);
// Applies one relocation to `place`, whose final address is `address`.
[[nodiscard]] bool apply_relocation(LinkFile &file, ImageLink &link, const Elf64_Rela &relocation, const char *section,
                                    std::uint8_t *place, std::uintptr_t address);

// linker_frames.cpp
[[nodiscard]] bool choose_frames(LinkFile &file, ImageLink &link);
[[nodiscard]] bool write_frames(LinkFile &file, ImageLink &link);

// linker_debugger.cpp
// Tells a debugger, now or when it attaches, what of the .wfp (its `bytes`) is where; after all is mapped.
[[nodiscard]] bool show_to_debuggers(LinkFile &file, ImageLink &link, const std::uint8_t *bytes, std::size_t size,
                                     DebuggerEntry *&shown);
void hide_from_debuggers(DebuggerEntry *entry);

// linker_overlay.cpp
// Fills the update's units and loader_state, for enter_update and leave_update, and reserves what those need; once all
// addresses are known.  `rows` tells the manifest row of each of the update's functions.
[[nodiscard]] bool keep_results(LinkFile &file, const Vec<std::uint32_t> &rows);

} // namespace wfp
