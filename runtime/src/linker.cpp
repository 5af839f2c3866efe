#include "runtime/src/linker.h"

#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/code_memory.h"
#include "runtime/src/dso.h"
#include "runtime/src/unwind.h"

#include <cstring>

namespace wfp {

namespace {

bool out_of_memory(LinkFile &file) {
  file.refuse() << "no memory to link the update";
  return false;
}

// Which unit a section belongs to, where its relocations are, which symbols are imports.
bool read_tables(LinkFile &file) {
  std::size_t sections = file.reader.sections().size(), symbols = file.reader.symbols().size();
  file.unit_of_section = static_cast<std::uint32_t *>(file.scratch.allocate(sections * sizeof(std::uint32_t)));
  file.relocations_of = static_cast<std::uint32_t *>(file.scratch.allocate(sections * sizeof(std::uint32_t)));
  file.import_of_symbol = static_cast<std::uint32_t *>(file.scratch.allocate(symbols * sizeof(std::uint32_t)));
  if (!file.unit_of_section || !file.relocations_of || !file.import_of_symbol)
    return out_of_memory(file);
  std::memset(file.unit_of_section, 0xff, sections * sizeof(std::uint32_t));  // kNoIndex
  std::memset(file.import_of_symbol, 0xff, symbols * sizeof(std::uint32_t));
  for (const format::ManifestSection &row : file.reader.manifest_sections()) {
    if (file.unit_of_section[row.section] != kNoIndex) {
      file.refuse() << "damaged manifest: section " << file.reader.section_name(file.reader.sections()[row.section])
                    << " is given to two units";
      return false;
    }
    file.unit_of_section[row.section] = row.unit;
  }
  for (std::uint32_t i = 0; i < sections; ++i) {
    const Elf64_Shdr &section = file.reader.sections()[i];
    if (section.sh_type != SHT_RELA)
      continue;
    if (file.relocations_of[section.sh_info]) {
      file.refuse() << "damaged: section " << file.reader.section_name(file.reader.sections()[section.sh_info])
                    << " has two sections of relocations";
      return false;
    }
    file.relocations_of[section.sh_info] = i;
  }
  format::Rows<format::ManifestImport> imports = file.reader.imports();
  for (std::uint32_t i = 0; i < imports.size(); ++i)
    file.import_of_symbol[imports[i].symbol] = i;
  return true;
}

ImageLink *link_of(LinkFile &file, const Image &image) {
  for (ImageLink *link : file.images)
    if (link->image == &image)
      return link;
  return nullptr;
}

// The functions that the update adds, in every image where their section is loaded.
bool add_new_functions(LinkFile &file, Vec<std::uint32_t> &rows) {
  format::Rows<format::ManifestFunction> functions = file.reader.functions();
  for (ImageLink *link : file.images)
    for (std::uint32_t i = 0; i < functions.size(); ++i) {
      if (functions[i].change != static_cast<std::uint32_t>(format::FunctionChange::kAdded) ||
          link->places[file.reader.symbols()[functions[i].symbol].st_shndx].area != Area::kCode)
        continue;
      LinkedFunction function = {};
      const char *display = file.reader.string(functions[i].display);
      function.name = file.update->arena.copy_string(display, std::strlen(display));
      function.image = link->image;
      function.change = format::FunctionChange::kAdded;
      function.allow_active = functions[i].flags & format::kAllowActive;
      if (!function.name || !file.update->functions.push_back(function) || !rows.push_back(i))
        return out_of_memory(file);
    }
  return true;
}

// Whether `name` is a split part of the function `whole`: "whole.cold", "whole.cold.1", "whole.__part.2".
bool is_part_name(const char *name, const char *whole, std::size_t length) {
  if (std::strncmp(name, whole, length) != 0)
    return false;
  const char *rest = name + length;
  return std::strcmp(rest, ".cold") == 0 || std::strncmp(rest, ".cold.", 6) == 0 ||
         std::strncmp(rest, ".__part.", 8) == 0;
}

bool may_be_part(const char *name) { return std::strstr(name, ".cold") || std::strstr(name, ".__part."); }

// Where the new body of each function is.
bool locate_new_code(LinkFile &file, const Vec<std::uint32_t> &rows) {
  format::Rows<Elf64_Sym> symbols = file.reader.symbols();
  Vec<std::uint32_t> parts(file.scratch);
  for (std::uint32_t i = 1; i < symbols.size(); ++i)
    if (symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_shndx != SHN_ABS &&
        may_be_part(file.reader.symbol_name(symbols[i])) && !parts.push_back(i))
      return out_of_memory(file);
  for (std::size_t i = 0; i < file.update->functions.size(); ++i) {
    LinkedFunction &function = file.update->functions[i];
    const format::ManifestFunction &row = file.reader.functions()[rows[i]];
    if (function.change == format::FunctionChange::kRemoved)
      continue;
    ImageLink &link = *link_of(file, *function.image);
    const Elf64_Sym &symbol = symbols[row.symbol];
    const SectionPlace &at = link.places[symbol.st_shndx];
    if (at.area != Area::kCode || symbol.st_size == 0) {
      file.refuse() << "the new body of " << function.name << " is not in a loaded section of code";
      return false;
    }
    std::uintptr_t entry = link.code.address + at.offset + symbol.st_value;
    arch::Entry found = arch::find_sled(link.code.bytes + at.offset + symbol.st_value, symbol.st_size);
    function.body = entry + found.body;
    Vec<CodeRange> ranges(file.update->arena);
    if (!ranges.push_back({function.body, entry + symbol.st_size}))
      return out_of_memory(file);
    const char *name = file.reader.string(row.new_name);
    std::size_t length = std::strlen(name);
    for (std::uint32_t part : parts) {
      const Elf64_Sym &other = symbols[part];
      const SectionPlace &where = link.places[other.st_shndx];
      if (where.area != Area::kCode || file.unit_of_section[other.st_shndx] != file.unit_of_section[symbol.st_shndx] ||
          !is_part_name(file.reader.symbol_name(other), name, length))
        continue;
      std::uintptr_t begin = link.code.address + where.offset + other.st_value;
      if (!ranges.push_back({begin, begin + other.st_size}))
        return out_of_memory(file);
    }
    function.new_ranges = ranges.begin();
    function.new_range_count = static_cast<std::uint32_t>(ranges.size());
  }
  return true;
}

// --reinit VAR: the running variable and its new initial value.
bool prepare_reinits(LinkFile &file) {
  for (const format::ManifestRemark &remark : file.reader.remarks()) {
    if (remark.kind != static_cast<std::uint32_t>(format::RemarkKind::kReinit))
      continue;
    for (ImageLink *link : file.images) {
      if (link->unit_of[remark.unit] == kNoIndex)
        continue;
      format::ManifestImport import = {};
      import.unit = remark.unit;
      import.name = remark.text;
      import.kind = static_cast<std::uint32_t>(format::ImportKind::kVariable);
      SymbolValue variable, fresh;
      if (!resolve_name(file, *link, import, variable) || !resolve_symbol(file, *link, remark.symbol))
        return false;
      fresh = link->values[remark.symbol];
      const char *name = file.reader.string(remark.text);
      if (variable.kind != SymbolValue::Kind::kAddress || fresh.kind != SymbolValue::Kind::kSection ||
          variable.size != fresh.size) {
        file.refuse() << "--reinit " << name << ": its size is " << static_cast<unsigned long>(variable.size)
                      << ", that of its new initial value " << static_cast<unsigned long>(fresh.size);
        return false;
      }
      if (!file.update->reinits.push_back({reinterpret_cast<void *>(variable.address),
                                           reinterpret_cast<const void *>(address_of(file, fresh)), fresh.size}))
        return out_of_memory(file);
    }
  }
  return true;
}

bool map_image(LinkFile &file, ImageLink &link, const char *name) {
  if (link.data.size) {
    if (!map_data(link.data.address, link.data.size, file.refuse()))
      return false;
    if (link.data.file_size)
      std::memcpy(reinterpret_cast<void *>(link.data.address), link.data.bytes, link.data.file_size);
  }
  if (link.constants.size &&
      !map_sealed(link.constants.address, link.constants.bytes, link.constants.size, false, name, file.refuse()))
    return false;
  if (link.code.size && !map_sealed(link.code.address, link.code.bytes, link.code.size, true, name, file.refuse()))
    return false;
  if (!link.frames.empty()) {
    if (!register_code_unwind(link.code.address, link.code.address + link.code.size,
                              link.constants.address + link.frame_header_offset, file.refuse()))
      return false;
    link.unwind_registered = true;
  }
  return true;
}

bool map_images(LinkFile &file) {
  FixedText<200> name; // shows in /proc/PID/maps as "/memfd:wfpatch:fix.wfp"
  name << "wfpatch:" << (file.update->file[0] ? file.update->file : "update");
  for (ImageLink *link : file.images)
    if (!map_image(file, *link, name.c_str()))
      return false;
  return true;
}

void unmap_images(LinkFile &file) {
  for (std::size_t i = file.images.size(); i-- > 0;) { // rooms go back in reverse order
    ImageLink &link = *file.images[i];
    hide_from_debuggers(link.shown);
    if (link.unwind_registered)
      unregister_code_unwind(link.code.address);
    if (link.room)
      return_room(*link.image, link.room, link.room_size);
    if (link.thread_storage.address)
      return_thread_storage(static_cast<std::intptr_t>(link.thread_storage.address), link.thread_storage.size);
  }
}

// The passes.
bool link_file(LinkFile &file, const std::uint8_t *bytes, std::size_t size) {
  Vec<std::uint32_t> rows(file.scratch); // manifest row of each function of the update
  if (!file.reader.open(bytes, size, file.refuse()) || !read_tables(file) || !match_units(file))
    return false;
  std::memcpy(file.update->id, file.reader.id(), sizeof file.update->id);
  for (ImageLink *link : file.images)
    if (!file.update->images.push_back(link->image))
      return out_of_memory(file);
  for (ImageLink *link : file.images)
    if (!check_old_code(file, *link, rows))
      return false;
  for (ImageLink *link : file.images)
    if (!choose_sections(file, *link))
      return false;
  for (ImageLink *link : file.images)
    if (!resolve_and_count(file, *link))
      return false;
  for (ImageLink *link : file.images)
    if (!lay_out(file, *link))
      return false;
  for (ImageLink *link : file.images)
    if (!relocate(file, *link) || !write_frames(file, *link))
      return false;
  if (!add_new_functions(file, rows) || !locate_new_code(file, rows) || !prepare_reinits(file) || !map_images(file))
    return false;
  for (ImageLink *link : file.images)
    if (!show_to_debuggers(file, *link, bytes, size, link->shown))
      return false;
  return keep_results(file, rows);
}

} // namespace

bool link_update(const std::uint8_t *bytes, std::size_t size, LinkedUpdate &update, Message &why) {
  LinkFile file = {};
  file.update = &update;
  file.why = &why;
  file.images.set_arena(file.scratch);
  update.functions.set_arena(update.arena);
  update.images.set_arena(update.arena);
  update.reinits.set_arena(update.arena);
  if (update.file[0])
    why << update.file << ": ";
  if (!refresh_images(why))
    return false;
  if (link_file(file, bytes, size)) {
    why.clear();
    return true;
  }
  unmap_images(file);
  return false;
}

void unlink_update(LinkedUpdate &update) {
  if (!update.loader_state)
    return;
  auto &state = *static_cast<KeptState *>(update.loader_state);
  for (std::size_t i = state.images.size(); i-- > 0;) {
    const KeptImage &kept = state.images[i];
    hide_from_debuggers(kept.shown);
    if (kept.unwind_registered)
      unregister_code_unwind(kept.code);
    Vec<OriginalCode> &originals = kept.image->index->originals;
    std::size_t left = 0;
    for (std::size_t j = 0; j < originals.size(); ++j)
      if (originals[j].owner != &update)
        originals[left++] = originals[j];
    originals.resize_down(left);
    return_room(*kept.image, kept.room, kept.room_size);
    return_thread_storage(kept.thread_storage, kept.thread_storage_size);
  }
  update.loader_state = nullptr;
}

} // namespace wfp
