#include "runtime/src/linker_index.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/dso.h"

#include <cstring>
#include <sys/mman.h>

namespace wfp {

namespace {

bool out_of_memory(const Image &image, Message &why) {
  why << image.path << ": no memory to index its records";
  return false;
}

// The record arrays that `units` name, each once: the linker makes one of each kind, but nothing guarantees that.
struct ArrayRange {
  std::uintptr_t begin, end;
};

std::uintptr_t follow(const std::int32_t &field) {
  return reinterpret_cast<std::uintptr_t>(&field) + static_cast<std::intptr_t>(field);
}

[[nodiscard]] bool add_range(const Image &image, Vec<ArrayRange> &ranges, const std::int32_t &start,
                             const std::int32_t &stop, std::size_t row) {
  ArrayRange range = {follow(start), follow(stop)};
  if (range.begin < image.low || range.end > image.high || range.begin >= range.end || (range.end - range.begin) % row != 0)
    return true; // no array, or none that can be used
  for (const ArrayRange &known : ranges)
    if (known.begin == range.begin)
      return true;
  return ranges.push_back(range);
}

// Index of the unit whose record begins at `address`; Image::units has those of the image first, by rising address.
std::uint32_t unit_at(const Image &image, std::uintptr_t address, std::size_t count) {
  std::size_t low = 0, high = count;
  while (low < high) {
    std::size_t middle = (low + high) / 2;
    if (reinterpret_cast<std::uintptr_t>(image.units[middle].record) < address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < count && reinterpret_cast<std::uintptr_t>(image.units[low].record) == address)
    return static_cast<std::uint32_t>(low);
  return UINT32_MAX;
}

bool in_image(const Image &image, std::uintptr_t address) { return address >= image.low && address < image.high; }

[[nodiscard]] bool add_functions(const Image &image, ImageIndex &index, const ArrayRange &range, std::size_t units) {
  for (std::uintptr_t at = range.begin; at < range.end; at += sizeof(format::FunctionRecord)) {
    const auto &record = *reinterpret_cast<const format::FunctionRecord *>(at);
    if (record.name == 0) // a unit's null record
      continue;
    std::uintptr_t entry = follow(record.entry_from_here);
    std::uint32_t unit = unit_at(image, follow(record.unit_from_here), units);
    // A record that outlived its function (a discarded section) leads nowhere.
    if (unit == UINT32_MAX || !in_image(image, entry))
      continue;
    if (!index.functions.push_back({record.name, entry, unit, record.flags, 0}))
      return false;
  }
  return true;
}

[[nodiscard]] bool add_variables(const Image &image, ImageIndex &index, const ArrayRange &range, std::size_t units) {
  for (std::uintptr_t at = range.begin; at < range.end; at += sizeof(format::VariableRecord)) {
    const auto &record = *reinterpret_cast<const format::VariableRecord *>(at);
    if (record.name == 0)
      continue;
    std::uintptr_t address = follow(record.address_from_here);
    std::uint32_t unit = unit_at(image, follow(record.unit_from_here), units);
    // One past the end: an empty object may lie there.
    if (unit == UINT32_MAX || address < image.low || address > image.high)
      continue;
    if (!index.variables.push_back({record.name, address, unit, record.flags, record.size}))
      return false;
  }
  return true;
}

[[nodiscard]] bool add_thread_locals(const Image &image, ImageIndex &index, const ArrayRange &range, std::size_t units) {
  for (std::uintptr_t at = range.begin; at < range.end; at += sizeof(format::ThreadLocalRecord)) {
    const auto &record = *reinterpret_cast<const format::ThreadLocalRecord *>(at);
    if (record.name == 0)
      continue;
    std::uint32_t unit = unit_at(image, follow(record.unit_from_here), units);
    if (unit == UINT32_MAX)
      continue;
    if (!index.thread_locals.push_back({record.name, record.offset, unit, record.flags, record.size}))
      return false;
  }
  return true;
}

// GLOB_DAT and its like first: they hold the final address, while a JUMP_SLOT may wait for its first call.
[[nodiscard]] bool add_bindings(const Dso &dso, ImageIndex &index) {
  struct {
    std::uintptr_t begin;
    std::size_t size;
  } const tables[] = {{dso.relocations, dso.relocations_size}, {dso.plt_relocations, dso.plt_relocations_size}};
  for (const auto &table : tables) {
    const auto *rows = reinterpret_cast<const Elf64_Rela *>(table.begin);
    for (std::size_t i = 0; table.begin && i < table.size / sizeof(Elf64_Rela); ++i) {
      std::uint32_t type = ELF64_R_TYPE(rows[i].r_info);
      std::uintptr_t place = dso.bias + rows[i].r_offset;
      if ((type != R_X86_64_GLOB_DAT && type != R_X86_64_JUMP_SLOT && type != R_X86_64_COPY && type != R_X86_64_TPOFF64) ||
          place < dso.low || place >= dso.high)
        continue;
      const auto &symbol = reinterpret_cast<const Elf64_Sym *>(dso.symbols)[ELF64_R_SYM(rows[i].r_info)];
      if (symbol.st_name == 0 || symbol.st_name >= dso.strings_size)
        continue;
      const char *text = reinterpret_cast<const char *>(dso.strings) + symbol.st_name;
      if (!index.bindings.push_back({format::name_hash(text, std::strlen(text)), text, place, type, symbol.st_size}))
        return false;
    }
  }
  return true;
}

template <typename Entry> [[nodiscard]] bool index_names(Arena &arena, HashIndex &names, const Vec<Entry> &entries) {
  if (!names.prepare(arena, entries.size()))
    return false;
  for (std::size_t i = 0; i < entries.size(); ++i)
    names.enter(entries[i].name, static_cast<std::uint32_t>(i));
  return true;
}

[[nodiscard]] bool fill(const Image &image, ImageIndex &index) {
  Arena scratch;
  Vec<ArrayRange> functions(scratch), variables(scratch), thread_locals(scratch);
  std::size_t units = 0;
  for (; units < image.units.size() && image.units[units].record; ++units) {
    const format::UnitRecord &record = *image.units[units].record;
    if (!add_range(image, functions, record.functions_start_from_here, record.functions_stop_from_here,
                   sizeof(format::FunctionRecord)) ||
        !add_range(image, variables, record.variables_start_from_here, record.variables_stop_from_here,
                   sizeof(format::VariableRecord)) ||
        !add_range(image, thread_locals, record.tls_start_from_here, record.tls_stop_from_here,
                   sizeof(format::ThreadLocalRecord)))
      return false;
  }
  for (const ArrayRange &range : functions)
    if (!index.functions.reserve(index.functions.size() + (range.end - range.begin) / sizeof(format::FunctionRecord)) ||
        !add_functions(image, index, range, units))
      return false;
  for (const ArrayRange &range : variables)
    if (!index.variables.reserve(index.variables.size() + (range.end - range.begin) / sizeof(format::VariableRecord)) ||
        !add_variables(image, index, range, units))
      return false;
  for (const ArrayRange &range : thread_locals)
    if (!add_thread_locals(image, index, range, units))
      return false;
  return add_bindings(*image.dso, index) && index_names(index.arena, index.binding_names, index.bindings) &&
         index_names(index.arena, index.function_names, index.functions) &&
         index_names(index.arena, index.variable_names, index.variables) &&
         index_names(index.arena, index.thread_local_names, index.thread_locals);
}

template <typename Entry>
const Entry *find_of_unit(const HashIndex &names, const Vec<Entry> &entries, std::uint64_t name, std::uint32_t unit) {
  const Entry *found = nullptr;
  names.find(name, [&](std::uint32_t item) {
    if (entries[item].unit != unit)
      return false;
    found = &entries[item];
    return true;
  });
  return found;
}

template <typename Entry>
const Entry *find_global(const HashIndex &names, const Vec<Entry> &entries, std::uint64_t name) {
  const Entry *found = nullptr;
  names.find(name, [&](std::uint32_t item) {
    if (entries[item].flags & format::kSymbolLocal)
      return false;
    // A strong definition is the one that the linker took.
    if (!found || !(entries[item].flags & format::kSymbolWeak))
      found = &entries[item];
    return !(found->flags & format::kSymbolWeak);
  });
  return found;
}

} // namespace

bool HashIndex::prepare(Arena &arena, std::size_t items) {
  std::size_t count = 16;
  while (count < items * 2)
    count *= 2;
  cells_ = static_cast<Cell *>(arena.allocate(count * sizeof(Cell)));
  count_ = cells_ ? count : 0;
  return cells_ != nullptr;
}

void HashIndex::enter(std::uint64_t hash, std::uint32_t item) {
  std::size_t at = place(hash);
  while (cells_[at].item_plus_one)
    at = (at + 1) & (count_ - 1);
  cells_[at] = {hash, item + 1};
}

const RecordEntry *ImageIndex::function(std::uint64_t name, std::uint32_t unit) const {
  return find_of_unit(function_names, functions, name, unit);
}
const RecordEntry *ImageIndex::variable(std::uint64_t name, std::uint32_t unit) const {
  return find_of_unit(variable_names, variables, name, unit);
}
const ThreadLocalEntry *ImageIndex::thread_local_variable(std::uint64_t name, std::uint32_t unit) const {
  return find_of_unit(thread_local_names, thread_locals, name, unit);
}
const RecordEntry *ImageIndex::global_function(std::uint64_t name) const {
  return find_global(function_names, functions, name);
}
const RecordEntry *ImageIndex::global_variable(std::uint64_t name) const {
  return find_global(variable_names, variables, name);
}
const ThreadLocalEntry *ImageIndex::global_thread_local(std::uint64_t name) const {
  return find_global(thread_local_names, thread_locals, name);
}

// The index object exists before its records are read: unit keys are needed to know whether an update applies at all.
static ImageIndex *index_of(Image &image) {
  if (!image.index) {
    long memory = sys::call(SYS_mmap, nullptr, sizeof(ImageIndex), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sys::failed(memory))
      return nullptr;
    auto *index = new (reinterpret_cast<void *>(memory)) ImageIndex;
    index->functions.set_arena(index->arena);
    index->variables.set_arena(index->arena);
    index->thread_locals.set_arena(index->arena);
    index->bindings.set_arena(index->arena);
    index->names.set_arena(index->arena);
    index->bodies.set_arena(index->arena);
    index->originals.set_arena(index->arena);
    keep_order();
    image.index = index;
  }
  return image.index;
}

bool index_image(Image &image, Message &why) {
  ImageIndex *index = index_of(image);
  if (!index)
    return out_of_memory(image, why);
  if (index->built)
    return true;
  index->functions.clear();
  index->variables.clear();
  index->thread_locals.clear();
  index->bindings.clear();
  index->built = fill(image, *index);
  return index->built || out_of_memory(image, why);
}

bool index_unit_keys(Image &image, Message &why) {
  ImageIndex *index = index_of(image);
  if (!index)
    return out_of_memory(image, why);
  if (index->keyed_units == image.units.size())
    return true;
  if (!index->unit_keys.prepare(index->arena, image.units.size() * 2))
    return out_of_memory(image, why);
  for (std::size_t i = 0; i < image.units.size(); ++i)
    index->unit_keys.enter(format::name_hash(image.units[i].key, std::strlen(image.units[i].key)),
                           static_cast<std::uint32_t>(i));
  index->keyed_units = image.units.size();
  return true;
}

UnitMatch find_unit(const Image &image, const char *key) {
  UnitMatch match = {0, 0};
  image.index->unit_keys.find(format::name_hash(key, std::strlen(key)), [&](std::uint32_t item) {
    const Unit &unit = image.units[item];
    if (!unit.absent && std::strcmp(unit.key, key) == 0) {
      if (match.count == 0)
        match.unit = item;
      ++match.count;
    }
    return false;
  });
  return match;
}

} // namespace wfp
