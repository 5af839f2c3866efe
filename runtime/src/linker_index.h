// What an image's records say, ready for lookup by name and unit: built when an update first touches the image, kept for
// ever.  And on top of it what entered updates have added: the overlay.
// Control thread only; the image must be pinned, since records are read where they are.
#pragma once

#include "runtime/src/image.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

struct LinkedUpdate;

// From a 64-bit hash to the items entered with it, in no order.  Open addressing, at most half full.
class HashIndex {
public:
  [[nodiscard]] bool prepare(Arena &arena, std::size_t items);
  void enter(std::uint64_t hash, std::uint32_t item);
  // Calls visit(item) for each until one returns true.
  template <typename Visit> bool find(std::uint64_t hash, Visit visit) const {
    for (std::size_t at = place(hash); count_ && cells_[at].item_plus_one; at = (at + 1) & (count_ - 1))
      if (cells_[at].hash == hash && visit(cells_[at].item_plus_one - 1))
        return true;
    return false;
  }

private:
  struct Cell {
    std::uint64_t hash;
    std::uint32_t item_plus_one; // 0: empty
  };
  std::size_t place(std::uint64_t hash) const { return count_ ? (hash ^ hash >> 32) & (count_ - 1) : 0; }

  Cell *cells_ = nullptr;
  std::size_t count_ = 0; // a power of two
};

struct RecordEntry {
  std::uint64_t name;      // format::name_hash
  std::uintptr_t address;  // function: its entry
  std::uint32_t unit;      // index into Image::units
  std::uint32_t flags;     // format::SymbolFlag
  std::uint32_t size;      // variable and thread-local
};

struct ThreadLocalEntry {
  std::uint64_t name;
  std::int64_t offset; // as the record has it
  std::uint32_t unit;
  std::uint32_t flags;
  std::uint32_t size;
};

// A name that an update gave to something, or something to a name.
struct OverlayName {
  LinkedUpdate *owner;
  std::uint64_t name;
  std::uint64_t old_name;  // if `address` is 0: it is what this name meant before
  std::uintptr_t address;
  std::uintptr_t area_end; // of the mapping that holds it
  std::uint32_t unit;
  std::uint32_t kind;      // format::ImportKind
  std::uint32_t flags;     // format::SymbolFlag
  std::uint32_t size;
};

// The body that a function has since an update.
struct OverlayBody {
  LinkedUpdate *owner;
  std::uintptr_t sled;     // the function's identity: its original sled
  std::uintptr_t body;     // the new body's entry, its sled included
  std::uintptr_t area_end; // of the mapping that holds it
};

// The original code of a function that an update has touched or brought: its parts cannot be found again in a later
// update's terms.
struct OriginalCode {
  LinkedUpdate *owner; // the first such update
  std::uintptr_t sled;
  const struct CodeRange *ranges;
  std::uint32_t count;
};

// A dynamic relocation of the image that names a symbol: what the dynamic linker has bound that to stands at its place.
struct BindingEntry {
  std::uint64_t name;
  const char *text;
  std::uintptr_t place;
  std::uint32_t type; // R_X86_64_GLOB_DAT, JUMP_SLOT, COPY or TPOFF64
  std::size_t size;
};

struct ImageIndex {
  Arena arena;
  Vec<RecordEntry> functions;
  Vec<RecordEntry> variables;
  Vec<ThreadLocalEntry> thread_locals;
  Vec<BindingEntry> bindings;
  HashIndex function_names, variable_names, thread_local_names, binding_names, unit_keys;
  bool built = false;          // records have been read
  std::size_t keyed_units = 0; // units that unit_keys knows
  Vec<OverlayName> names;
  Vec<OverlayBody> bodies;
  Vec<OriginalCode> originals;

  const RecordEntry *function(std::uint64_t name, std::uint32_t unit) const;
  const RecordEntry *variable(std::uint64_t name, std::uint32_t unit) const;
  const ThreadLocalEntry *thread_local_variable(std::uint64_t name, std::uint32_t unit) const;
  // Of any unit, with linkage.
  const RecordEntry *global_function(std::uint64_t name) const;
  const RecordEntry *global_variable(std::uint64_t name) const;
  const ThreadLocalEntry *global_thread_local(std::uint64_t name) const;
};

// Builds the index if it is not there yet.
[[nodiscard]] bool index_image(Image &image, Message &why);

// The units of `image` with this key, absent ones left out: first index, and how many there are.
struct UnitMatch {
  std::uint32_t unit;
  std::uint32_t count;
};
[[nodiscard]] bool index_unit_keys(Image &image, Message &why);
UnitMatch find_unit(const Image &image, const char *key);

} // namespace wfp
