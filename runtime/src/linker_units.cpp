// Which images an update applies to: those that hold one of its units in the state that the update starts from.
//
//   key present, old id     applies
//   key present, other id   refused, both ids named: the update was made from another build
//   key present twice       refused: nobody could tell which one is meant
//   key absent, id present  applies, if just one unit has that id and no other row names it: the builds lay in folders that
//                           the key could not tell to be equal (updates that stack from folder to folder)
//   both absent             skipped: a build directory also holds test programs and twins
//   no key present at all   refused
//   unit that only NEW has  goes to each image that refers to it (linker_sections.cpp)
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {

namespace {

void write_id(Message &why, const std::uint8_t *id) { why.hex_bytes(id, 6); }

bool refuse_id(LinkFile &file, const Image &image, const format::ManifestUnit &row, const Unit &unit) {
  Message &why = file.refuse();
  why << "unit " << file.reader.string(row.key) << " of " << image.path;
  if (std::memcmp(unit.id, row.new_id, sizeof unit.id) == 0) {
    why << " is already what the update would make of it (id ";
    write_id(why, unit.id);
    why << ")";
    return false;
  }
  why << " is not the one that the update was made for: it has id ";
  write_id(why, unit.id);
  why << ", the update starts from ";
  write_id(why, row.old_id);
  return false;
}

// Fills unit_of for `image`; `any` tells whether one of its units is concerned.
bool match_image(LinkFile &file, Image &image, std::uint32_t *unit_of, bool &any) {
  format::Rows<format::ManifestUnit> units = file.reader.units();
  any = false;
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    unit_of[i] = kNoIndex;
    UnitMatch match = find_unit(image, file.unit_key(i));
    if (match.count == 0)
      continue; // match_by_id looks at it
    if (match.count > 1) {
      file.refuse() << "unit " << file.unit_key(i) << " is " << match.count << " times in " << image.path;
      return false;
    }
    if (units[i].flags & format::kUnitNew) {
      file.refuse() << "unit " << file.unit_key(i) << " is new in the update, but " << image.path << " has one already";
      return false;
    }
    if (std::memcmp(image.units[match.unit].id, units[i].old_id, sizeof units[i].old_id) != 0)
      return refuse_id(file, image, units[i], image.units[match.unit]);
    unit_of[i] = match.unit;
    any = true;
  }
  return true;
}

bool is_named(const LinkFile &file, const Unit &unit) {
  for (std::uint32_t i = 0; i < file.reader.units().size(); ++i)
    if (std::strcmp(file.unit_key(i), unit.key) == 0)
      return true;
  return false;
}

// Equal ids mean equal code: what the key left open, the id decides, where it can.
bool match_by_id(LinkFile &file, Image &image, std::uint32_t *unit_of, bool &any) {
  format::Rows<format::ManifestUnit> units = file.reader.units();
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    if (unit_of[i] != kNoIndex || (units[i].flags & format::kUnitNew))
      continue;
    for (std::uint32_t u = 0; u < image.units.size(); ++u) {
      const Unit &unit = image.units[u];
      if (unit.absent || std::memcmp(unit.id, units[i].old_id, sizeof unit.id) != 0 || is_named(file, unit))
        continue;
      for (std::uint32_t other = 0; other < units.size(); ++other)
        if (unit_of[other] == u) {
          file.refuse() << "units " << file.unit_key(other) << " and " << file.unit_key(i)
                        << " of the update are both the one that " << image.path << " calls " << unit.key;
          return false;
        }
      if (unit_of[i] != kNoIndex) {
        file.refuse() << "unit " << file.unit_key(i) << " could be " << image.units[unit_of[i]].key << " or " << unit.key
                      << " of " << image.path << ": both have its id";
        return false;
      }
      unit_of[i] = u;
      any = true;
    }
  }
  return true;
}

ImageLink *make_link(LinkFile &file, Image &image, std::uint32_t *unit_of) {
  auto *link = static_cast<ImageLink *>(file.scratch.allocate(sizeof(ImageLink)));
  std::size_t symbols = file.reader.symbols().size(), sections = file.reader.sections().size();
  auto *numbers = static_cast<std::uint32_t *>(file.scratch.allocate(4 * symbols * sizeof(std::uint32_t)));
  auto *values = static_cast<SymbolValue *>(file.scratch.allocate(symbols * sizeof(SymbolValue)));
  auto *places = static_cast<SectionPlace *>(file.scratch.allocate(sections * sizeof(SectionPlace)));
  auto *added = static_cast<bool *>(file.scratch.allocate(file.reader.units().size() + 1));
  if (!link || !numbers || !values || !places || !added)
    return nullptr;
  link = new (link) ImageLink{};
  link->image = &image;
  link->index = static_cast<std::uint32_t>(file.images.size());
  link->unit_of = unit_of;
  link->added_unit = added;
  link->places = places;
  link->values = values;
  std::memset(numbers, 0xff, 4 * symbols * sizeof(std::uint32_t)); // kNoIndex
  link->address_slots = numbers;
  link->thread_offset_slots = numbers + symbols;
  link->module_slots = numbers + 2 * symbols;
  link->stubs = numbers + 3 * symbols;
  link->frames.set_arena(file.scratch);
  return file.images.push_back(link) ? link : nullptr;
}

} // namespace

bool match_units(LinkFile &file) {
  std::size_t units = file.reader.units().size();
  for (std::size_t i = 0; i < image_count(); ++i) {
    Image &image = image_at(i);
    if (image.gone.load(std::memory_order_relaxed)) // only this thread writes it
      continue;
    auto *unit_of = static_cast<std::uint32_t *>(file.scratch.allocate((units + 1) * sizeof(std::uint32_t)));
    bool any;
    if (!unit_of) {
      file.refuse() << "no memory to link the update";
      return false;
    }
    if (!index_unit_keys(image, file.refuse()) || !match_image(file, image, unit_of, any) ||
        !match_by_id(file, image, unit_of, any))
      return false;
    if (!any)
      continue;
    if (!make_link(file, image, unit_of)) {
      file.refuse() << "no memory to link the update";
      return false;
    }
    if (!pin_image(image, file.refuse()) || !index_image(image, file.refuse()))
      return false;
  }
  if (!file.images.empty())
    return true;
  Message &why = file.refuse();
  why << "no unit of the update is in this process";
  if (units > 0)
    why << " (the update is for " << file.unit_key(0) << (units > 1 ? " and others)" : ")");
  return false;
}

} // namespace wfp
