// What an entered update adds to images: ids of units, names that later updates may use, and which body a function has.
// Images themselves never change; enter_update() and leave_update() add to and take from the overlay in their index.
#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {

namespace {

std::uint64_t hash_of(const char *name) { return format::name_hash(name, std::strlen(name)); }

KeptState &state_of(const LinkedUpdate &update) { return *static_cast<KeptState *>(update.loader_state); }

// Room in the overlays, so that entering cannot fail.
bool reserve_overlays(const LinkedUpdate &update, Message &why) {
  const KeptState &state = state_of(update);
  bool enough = true;
  for (const KeptImage &kept : state.images) {
    ImageIndex &index = *kept.image->index;
    enough = enough && index.names.reserve(index.names.size() + state.names.size()) &&
             index.bodies.reserve(index.bodies.size() + state.bodies.size()) &&
             index.originals.reserve(index.originals.size() + update.functions.size()) &&
             kept.image->units.reserve(kept.image->units.size() + update.unit_count);
  }
  if (!enough)
    why << "no memory to enter the update";
  return enough;
}

// The replaced function whose new body is `symbol`, or nullptr.
const format::ManifestFunction *replaced_by(const format::UpdateReader &reader, std::uint32_t symbol) {
  for (const format::ManifestFunction &row : reader.functions())
    if (row.symbol == symbol && row.change == static_cast<std::uint32_t>(format::FunctionChange::kReplaced))
      return &row;
  return nullptr;
}

// The record flags that the code itself tells.
std::uint32_t sled_flags(const LinkFile &file, const Elf64_Sym &symbol) {
  const Elf64_Shdr &section = file.reader.sections()[symbol.st_shndx];
  if (!(section.sh_flags & SHF_EXECINSTR) || !file.reader.contents(section))
    return 0;
  arch::Entry entry = arch::find_sled(file.reader.contents(section) + symbol.st_value, symbol.st_size);
  return (entry.has_sled ? format::kFunctionSled : 0u) | (entry.has_sled && entry.sled ? format::kFunctionEndbr : 0u);
}

bool keep_names(LinkFile &file, ImageLink &link, KeptState &state) {
  const format::UpdateReader &reader = file.reader;
  Arena &arena = file.update->arena;
  for (const format::ManifestDefinition &row : reader.definitions()) {
    if (link.unit_of[row.unit] == kNoIndex && !link.added_unit[row.unit])
      continue;
    KeptName kept = {};
    kept.image = link.image;
    kept.unit_key = arena.copy_string(file.unit_key(row.unit), std::strlen(file.unit_key(row.unit)));
    kept.name.owner = file.update;
    kept.name.unit = link.unit_of[row.unit];
    kept.name.name = hash_of(reader.string(row.name));
    kept.name.kind = row.kind;
    kept.name.flags = row.flags;
    if (row.symbol == format::kNone) {
      kept.name.old_name = hash_of(reader.string(row.old_name));
    } else if (const format::ManifestFunction *function = replaced_by(reader, row.symbol)) {
      kept.name.old_name = hash_of(reader.string(function->old_name)); // the original entry stands for all its bodies
    } else {
      const Elf64_Sym &symbol = reader.symbols()[row.symbol];
      if (symbol.st_shndx == SHN_ABS || link.places[symbol.st_shndx].area == Area::kNotLoaded)
        continue;
      AreaContent &area = link.area(link.places[symbol.st_shndx].area);
      kept.name.address = area.address + link.places[symbol.st_shndx].offset + symbol.st_value;
      kept.name.area_end = area.address + area.size;
      kept.name.size = static_cast<std::uint32_t>(symbol.st_size);
      if (link.places[symbol.st_shndx].area == Area::kThreadStorage) // then the address is an offset from the thread pointer
        kept.name.kind = static_cast<std::uint32_t>(format::ImportKind::kThreadLocal);
      kept.name.flags |= sled_flags(file, symbol);
    }
    if (kept.name.address == 0 && kept.name.old_name == kept.name.name)
      continue; // not renamed after all
    if (!kept.unit_key || !state.names.push_back(kept))
      return false;
  }
  return true;
}

bool keep_units(LinkFile &file, LinkedUpdate &update) {
  format::Rows<format::ManifestUnit> rows = file.reader.units();
  std::size_t count = 0;
  for (const ImageLink *link : file.images)
    for (std::size_t i = 0; i < rows.size(); ++i)
      count += link->unit_of[i] != kNoIndex || link->added_unit[i];
  update.units = static_cast<LinkedUnit *>(update.arena.allocate((count + 1) * sizeof(LinkedUnit)));
  if (!update.units)
    return false;
  for (const ImageLink *link : file.images)
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      if (link->unit_of[i] == kNoIndex && !link->added_unit[i])
        continue;
      LinkedUnit unit = {};
      unit.image = link->image;
      unit.unit = link->unit_of[i];
      unit.added = link->added_unit[i];
      unit.key = update.arena.copy_string(file.unit_key(i), std::strlen(file.unit_key(i)));
      std::memcpy(unit.old_id, rows[i].old_id, sizeof unit.old_id);
      std::memcpy(unit.new_id, rows[i].new_id, sizeof unit.new_id);
      if (!unit.key)
        return false;
      update.units[update.unit_count++] = unit;
    }
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    bool used = false;
    for (const ImageLink *link : file.images)
      used = used || link->unit_of[i] != kNoIndex || link->added_unit[i];
    update.skipped_units += !used;
  }
  return true;
}

bool keep_body(LinkFile &file, const LinkedFunction &function, std::uint32_t symbol, KeptState &state) {
  const Elf64_Sym &row = file.reader.symbols()[symbol];
  for (ImageLink *link : file.images)
    if (link->image == function.image) {
      std::uintptr_t entry = link->code.address + link->places[row.st_shndx].offset + row.st_value; // its sled included
      return state.bodies.push_back(
          {function.image, {file.update, function.sled, entry, link->code.address + link->code.size}});
    }
  return true;
}

// The function may be replaced again, when its original code can no longer be found; what the update added, for the first
// time.  Never forgotten: neither is the code.
void keep_original(LinkedUpdate &update, const LinkedFunction &function) {
  bool added = function.change == format::FunctionChange::kAdded;
  std::uintptr_t sled = added ? function.body - format::kSledSize : function.sled;
  Vec<OriginalCode> &originals = function.image->index->originals;
  for (const OriginalCode &known : originals)
    if (known.sled == sled)
      return;
  (void)originals.push_back({&update, sled, added ? function.new_ranges : function.old_ranges,
                             added ? function.new_range_count : function.old_range_count}); // reserved
}

template <typename Entry> void remove_entries(Vec<Entry> &entries, const LinkedUpdate &owner) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].owner != &owner)
      entries[kept++] = entries[i];
  entries.resize_down(kept);
}

// Begun a second time after a first that was not finished, it may leave an entry of another update twice, which means the same.
void remove_from_overlays(const LinkedUpdate &update) {
  for (const KeptImage &kept : state_of(update).images) {
    remove_entries(kept.image->index->names, update);
    remove_entries(kept.image->index->bodies, update);
  }
}

} // namespace

bool keep_results(LinkFile &file, const Vec<std::uint32_t> &rows) {
  LinkedUpdate &update = *file.update;
  void *memory = update.arena.allocate(sizeof(KeptState));
  bool complete = memory != nullptr;
  if (complete) {
    auto *state = new (memory) KeptState;
    state->images.set_arena(update.arena);
    state->names.set_arena(update.arena);
    state->bodies.set_arena(update.arena);
    update.loader_state = state;
    complete = keep_units(file, update);
    for (std::size_t i = 0; complete && i < file.images.size(); ++i) {
      ImageLink &link = *file.images[i];
      complete = state->images.push_back({link.image, link.room, link.room_size, link.code.address,
                                           static_cast<std::intptr_t>(link.thread_storage.address),
                                           link.thread_storage.size, link.unwind_registered, link.shown}) &&
                 keep_names(file, link, *state);
    }
    for (std::size_t i = 0; complete && i < update.functions.size(); ++i) {
      const LinkedFunction &function = update.functions[i];
      if (function.change == format::FunctionChange::kReplaced)
        complete = keep_body(file, function, file.reader.functions()[rows[i]].symbol, *state);
    }
  }
  if (!complete) {
    file.refuse() << "no memory to link the update";
    return false;
  }
  return reserve_overlays(update, file.refuse());
}

bool check_update_applies(const LinkedUpdate &update, Message &why) {
  if (update.file[0])
    why << update.file << ": ";
  for (std::size_t i = 0; i < update.unit_count; ++i) {
    const LinkedUnit &unit = update.units[i];
    if (unit.image->gone.load(std::memory_order_relaxed)) { // only this thread writes it
      why << unit.image->path << " has been unloaded";
      return false;
    }
    if (!index_unit_keys(*unit.image, why))
      return false;
    UnitMatch match = find_unit(*unit.image, unit.key);
    if (unit.added && match.count == 0)
      continue;
    if (!unit.added && std::memcmp(unit.image->units[unit.unit].id, unit.old_id, sizeof unit.old_id) == 0)
      continue;
    why << "unit " << unit.key << " of " << unit.image->path << " is not in the state that the update starts from (id ";
    if (match.count)
      why.hex_bytes(unit.image->units[match.unit].id, 6);
    why << ')';
    return false;
  }
  if (!reserve_overlays(update, why))
    return false;
  why.clear();
  return true;
}

void enter_update(LinkedUpdate &update) {
  KeptState &state = state_of(update);
  remove_from_overlays(update);
  for (std::size_t i = 0; i < update.unit_count; ++i) {
    LinkedUnit &linked = update.units[i];
    Vec<Unit> &units = linked.image->units;
    if (linked.unit == kNoIndex)
      linked.unit = static_cast<std::uint32_t>(units.size());
    keep_order();
    if (linked.unit == units.size()) {
      Unit unit = {};
      // The update's own arena lives as long as what it has mapped: for ever, once it has been entered.
      unit.key = linked.key;
      if (!units.push_back(unit)) // reserved by keep_results
        return;
    }
    units[linked.unit].absent = false;
    std::memcpy(units[linked.unit].id, linked.new_id, sizeof linked.new_id);
  }
  Message ignored; // the index of keys is rebuilt at the next use if memory is short now
  for (const KeptImage &kept : state.images)
    (void)index_unit_keys(*kept.image, ignored);
  for (KeptName &kept : state.names) {
    if (kept.name.unit == kNoIndex) // of a unit that this update brought
      kept.name.unit = find_unit(*kept.image, kept.unit_key).unit;
    (void)kept.image->index->names.push_back(kept.name); // reserved
  }
  for (const KeptBody &kept : state.bodies)
    (void)kept.image->index->bodies.push_back(kept.body); // reserved
  for (const LinkedFunction &function : update.functions)
    keep_original(update, function);
}

void leave_update(LinkedUpdate &update) {
  for (std::size_t i = 0; i < update.unit_count; ++i) {
    LinkedUnit &linked = update.units[i];
    Unit &unit = linked.image->units[linked.unit];
    unit.absent = linked.added;
    std::memcpy(unit.id, linked.old_id, sizeof unit.id);
  }
  remove_from_overlays(update);
}

} // namespace wfp
