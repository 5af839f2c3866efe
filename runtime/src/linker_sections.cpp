// Which sections of the .wfp go into an image, and where.
//
// Roots are the sections of the units that the image holds, and the new bodies of the functions found there.  What they
// refer to comes along if it belongs to the same unit, to a unit that only the update has, or to a COMDAT or weak symbol;
// anything else lives in another image (linker_symbols.cpp finds it there).
//
// An image gets three mappings, side by side in room near it:
//
//   code       R-X  sections with instructions, then stubs for branches that may be out of reach
//   constants  R--  GOT slots, read-only and relro sections, unwind tables: all are final when they are mapped
//   data       RW-  new variables; what is zero costs no file and no page
//
// New thread-locals that begin as zero live in the runtime's pool (dso_tls.cpp).
#include "format/manifest.h"
#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/code_memory.h"
#include "runtime/src/dso.h"
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {

namespace {

constexpr std::uint64_t kMaxArea = 256u << 20;

bool out_of_memory(LinkFile &file) {
  file.refuse() << "no memory to link the update";
  return false;
}

bool starts_with(const char *text, const char *prefix) { return std::strncmp(text, prefix, std::strlen(prefix)) == 0; }

bool is_frame_table(const char *name) { return std::strcmp(name, ".eh_frame") == 0; }

// Loaded sections of an object that mean something to the linker or to wfdiff only.
bool is_record_section(const char *name) {
  return starts_with(name, ".note.") || std::strcmp(name, format::kFunctionsSection) == 0 ||
         std::strcmp(name, format::kVariablesSection) == 0 || std::strcmp(name, format::kThreadLocalsSection) == 0;
}

bool is_initialiser(const Elf64_Shdr &section, const char *name) {
  return section.sh_type == SHT_INIT_ARRAY || section.sh_type == SHT_FINI_ARRAY || section.sh_type == SHT_PREINIT_ARRAY ||
         starts_with(name, ".ctors") || starts_with(name, ".dtors") || std::strcmp(name, ".init") == 0 ||
         std::strcmp(name, ".fini") == 0;
}

// The name of something in the section, for messages.
const char *inhabitant(const LinkFile &file, std::uint32_t section) {
  for (const Elf64_Sym &symbol : file.reader.symbols())
    if (symbol.st_shndx == section && ELF64_ST_TYPE(symbol.st_info) != STT_SECTION && *file.reader.symbol_name(symbol))
      return file.reader.symbol_name(symbol);
  return "(unnamed)";
}

// The area for a section; false and a refusal if it cannot be loaded.
bool area_for(LinkFile &file, std::uint32_t index, Area &area) {
  const Elf64_Shdr &section = file.reader.sections()[index];
  const char *name = file.reader.section_name(section);
  Message &why = file.refuse();
  if ((section.sh_flags & SHF_TLS) && (section.sh_type != SHT_NOBITS || section.sh_addralign > format::kMostAlignedThreadLocal))
    return why << "new thread-local variable " << inhabitant(file, index) << " (section " << name
               << ") has an initial value, which threads that run already cannot get, or needs an alignment above 64", false;
  if (is_initialiser(section, name))
    return why << "section " << name << " holds initialisers: code that an update would have to run when it is applied", false;
  if (section.sh_type != SHT_PROGBITS && section.sh_type != SHT_NOBITS && section.sh_type != SHT_NOTE)
    return why << "unsupported section " << name << " of type " << section.sh_type, false;
  if ((section.sh_flags & SHF_WRITE) && (section.sh_flags & SHF_EXECINSTR))
    return why << "section " << name << " is both writable and executable", false;
  if (section.sh_flags & SHF_COMPRESSED)
    return why << "section " << name << " is compressed and loaded", false;
  if (section.sh_addralign > format::kMostAlignedSection)
    return why << "section " << name << " (" << inhabitant(file, index) << ") needs an alignment of "
               << static_cast<unsigned long>(section.sh_addralign) << ": no more than a page is possible", false;
  if (section.sh_flags & SHF_TLS)
    area = Area::kThreadStorage;
  else if (section.sh_flags & SHF_EXECINSTR)
    area = Area::kCode;
  else if ((section.sh_flags & SHF_WRITE) && !starts_with(name, ".data.rel.ro"))
    area = Area::kData;
  else
    area = Area::kConstants;
  if (area == Area::kCode && section.sh_type == SHT_NOBITS)
    return why << "section " << name << " is executable and has no content", false;
  return true;
}

class Chooser {
public:
  Chooser(LinkFile &file, ImageLink &link) : file_(file), link_(link), work_(file.scratch) {}

  bool run() {
    if (!add_roots())
      return false;
    // The unwind entries of loaded code refer to exception tables and personality pointers, which may bring more.
    for (bool more = true; more;) {
      if (!drain() || !choose_frames(file_, link_))
        return false;
      for (const FrameEntry &entry : link_.frames)
        if (!follow(entry.section, entry.first_relocation, entry.relocation_count))
          return false;
      more = !work_.empty();
    }
    return true;
  }

private:
  LinkFile &file_;
  ImageLink &link_;
  Vec<std::uint32_t> work_;

  bool load(std::uint32_t section) {
    const char *name = file_.reader.section_name(file_.reader.sections()[section]);
    if (link_.places[section].area != Area::kNotLoaded || is_frame_table(name) || is_record_section(name))
      return true;
    return area_for(file_, section, link_.places[section].area) && (work_.push_back(section) || out_of_memory(file_));
  }

  bool load_unit(std::uint32_t unit) {
    for (const format::ManifestSection &row : file_.reader.manifest_sections())
      if (row.unit == unit && !load(row.section))
        return false;
    return true;
  }

  bool add_roots() {
    for (const format::ManifestSection &row : file_.reader.manifest_sections())
      if (link_.unit_of[row.unit] != kNoIndex && !load(row.section))
        return false;
    // COMDAT functions may be filed under a unit that this image does not have.
    for (const format::ManifestFunction &row : file_.reader.functions()) {
      if (!(row.flags & format::kFunctionComdatGroup) || row.symbol == format::kNone ||
          row.old_name == format::kNone || link_.unit_of[row.unit] != kNoIndex)
        continue;
      FoundFunction found;
      if (find_function(*link_.image, kNoIndex, file_.reader.string(row.old_name), true, found) &&
          !load(file_.reader.symbols()[row.symbol].st_shndx))
        return false;
    }
    for (const format::ManifestRemark &remark : file_.reader.remarks())
      if (remark.kind == static_cast<std::uint32_t>(format::RemarkKind::kReinit) &&
          link_.unit_of[remark.unit] != kNoIndex && file_.reader.symbols()[remark.symbol].st_shndx != SHN_ABS &&
          !load(file_.reader.symbols()[remark.symbol].st_shndx))
        return false;
    return true;
  }

  bool drain() {
    while (!work_.empty()) {
      std::uint32_t section = work_.back();
      work_.pop_back();
      if (std::uint32_t rela = file_.relocations_of[section])
        if (!follow(section, 0, static_cast<std::uint32_t>(
                                    file_.reader.relocations(file_.reader.sections()[rela]).size())))
          return false;
    }
    return true;
  }

  // Brings in what relocations of `section` refer to.
  bool follow(std::uint32_t section, std::uint32_t first, std::uint32_t count) {
    if (count == 0)
      return true;
    const Elf64_Shdr &rela = file_.reader.sections()[file_.relocations_of[section]];
    for (const Elf64_Rela &row : file_.reader.relocations(rela).slice(first, count)) {
      const Elf64_Sym &symbol = file_.reader.symbols()[ELF64_R_SYM(row.r_info)];
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS)
        continue;
      if (!reach(section, symbol))
        return false;
    }
    return true;
  }

  bool reach(std::uint32_t from, const Elf64_Sym &symbol) {
    std::uint32_t section = symbol.st_shndx, unit = file_.unit_of_section[section];
    if (link_.places[section].area != Area::kNotLoaded || unit == kNoIndex || link_.unit_of[unit] != kNoIndex)
      return true;
    if (file_.reader.units()[unit].flags & format::kUnitNew) {
      link_.added_unit[unit] = true;
      return load_unit(unit);
    }
    bool any_copy = ELF64_ST_BIND(symbol.st_info) == STB_WEAK ||
                    (file_.reader.sections()[section].sh_flags & SHF_GROUP) || file_.unit_of_section[from] == unit;
    return !any_copy || load(section);
  }
};

// A slot number for `symbol` in one of the link's slot maps.
void want_slots(ImageLink &link, std::uint32_t &slot, std::uint32_t count) {
  if (slot != kNoIndex)
    return;
  slot = link.slot_count;
  link.slot_count += count;
}

// Whether a branch may be out of reach: to everything but the image itself and what is laid out with this update.
bool needs_stub(const ImageLink &link, const SymbolValue &value) {
  if (value.kind == SymbolValue::Kind::kSection || value.kind == SymbolValue::Kind::kOwnHandle)
    return value.image_link != link.index;
  return value.address < link.image->low || value.address >= link.image->high;
}

bool count_relocation(LinkFile &file, ImageLink &link, const Elf64_Rela &row, const char *section) {
  std::uint32_t symbol = ELF64_R_SYM(row.r_info), type = ELF64_R_TYPE(row.r_info);
  const arch::RelocationKind *kind = arch::relocation_kind(type);
  if (!kind) {
    file.refuse() << "unsupported relocation " << arch::relocation_name(type) << " (" << type << ") against "
                  << symbol_label(file, symbol) << " in section " << section;
    return false;
  }
  switch (kind->expression) {
  case arch::Expression::kNothing:
    return true;
  case arch::Expression::kGotTlsLocal:
    want_slots(link, link.local_module_slot, 2);
    return true; // the symbol only names the module
  case arch::Expression::kBranch:
    if (!resolve_symbol(file, link, symbol))
      return false;
    if (needs_stub(link, link.values[symbol])) {
      if (link.stubs[symbol] == kNoIndex)
        link.stubs[symbol] = link.stub_count++;
      want_slots(link, link.address_slots[symbol], 1);
    }
    return true;
  case arch::Expression::kGotSlot:
    want_slots(link, link.address_slots[symbol], 1);
    break;
  case arch::Expression::kGotTlsOffset:
    want_slots(link, link.thread_offset_slots[symbol], 1);
    break;
  case arch::Expression::kGotTlsModule:
    want_slots(link, link.module_slots[symbol], 2);
    break;
  default:
    break;
  }
  return resolve_symbol(file, link, symbol);
}

// Puts a section of `size` behind what `area` holds already.
std::uint64_t place(AreaContent &area, std::uint64_t size, std::uint64_t alignment) {
  alignment = alignment ? alignment : 1;
  std::uint64_t offset = (area.size + alignment - 1) & ~(alignment - 1);
  area.size = size > kMaxArea || offset > kMaxArea ? kMaxArea + 1 : offset + size;
  return offset;
}

void place_sections(LinkFile &file, ImageLink &link, bool without_content) {
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  for (std::uint32_t i = 0; i < sections.size(); ++i) {
    SectionPlace &at = link.places[i];
    // What has no content goes behind what has; in constants it is written out, since those are one file.
    bool late = at.area == Area::kData && sections[i].sh_type == SHT_NOBITS;
    if (at.area != Area::kNotLoaded && late == without_content)
      at.offset = place(link.area(at.area), sections[i].sh_size, sections[i].sh_addralign);
  }
}

bool fill_area(LinkFile &file, ImageLink &link, Area which, std::uint8_t padding) {
  AreaContent &area = link.area(which);
  if (area.file_size == 0)
    return true;
  area.bytes = static_cast<std::uint8_t *>(file.scratch.allocate(area.file_size));
  if (!area.bytes)
    return out_of_memory(file);
  if (padding)
    std::memset(area.bytes, padding, area.file_size);
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  for (std::uint32_t i = 0; i < sections.size(); ++i)
    if (link.places[i].area == which && sections[i].sh_type != SHT_NOBITS && sections[i].sh_size)
      std::memcpy(area.bytes + link.places[i].offset, file.reader.contents(sections[i]), sections[i].sh_size);
  return true;
}

} // namespace

bool choose_sections(LinkFile &file, ImageLink &link) { return Chooser(file, link).run(); }

bool resolve_and_count(LinkFile &file, ImageLink &link) {
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  for (std::uint32_t i = 0; i < sections.size(); ++i) {
    if (link.places[i].area == Area::kNotLoaded || !file.relocations_of[i])
      continue;
    for (const Elf64_Rela &row : file.reader.relocations(sections[file.relocations_of[i]]))
      if (!count_relocation(file, link, row, file.reader.section_name(sections[i])))
        return false;
  }
  for (const FrameEntry &entry : link.frames) {
    if (entry.relocation_count == 0)
      continue;
    const Elf64_Shdr &rela = sections[file.relocations_of[entry.section]];
    for (const Elf64_Rela &row : file.reader.relocations(rela).slice(entry.first_relocation, entry.relocation_count))
      if (!count_relocation(file, link, row, ".eh_frame"))
        return false;
  }
  return true;
}

bool lay_out(LinkFile &file, ImageLink &link) {
  link.slots_offset = place(link.constants, std::uint64_t{link.slot_count} * arch::kSlotBytes, arch::kSlotBytes);
  place_sections(file, link, false);
  link.data.file_size = link.data.size;
  place_sections(file, link, true);
  link.stubs_offset = place(link.code, std::uint64_t{link.stub_count} * arch::kStubBytes, 16);
  link.frames_offset = place(link.constants, link.frames_size, 8);
  link.frame_header_offset = place(link.constants, link.frame_header_size, 4);
  link.code.file_size = link.code.size;
  link.constants.file_size = link.constants.size;
  if (link.code.size > kMaxArea || link.constants.size > kMaxArea || link.data.size > kMaxArea ||
      link.thread_storage.size > kMaxArea) {
    file.refuse() << "the update has more than 256 MiB of code, constants or data for " << link.image->path;
    return false;
  }
  if (link.thread_storage.size) {
    auto offset = take_thread_storage(link.thread_storage.size);
    if (!offset) {
      file.refuse() << "the update's new thread-local variables for " << link.image->path << " need "
                    << static_cast<unsigned long>(link.thread_storage.size) << " bytes; the pool of "
                    << static_cast<unsigned long>(kThreadPoolBytes) << " has not so much left";
      return false;
    }
    link.thread_storage.address = static_cast<std::uintptr_t>(offset);
  }
  link.room_size = link.code.mapped_size() + link.constants.mapped_size() + link.data.mapped_size();
  if (link.room_size) {
    link.room = take_room(*link.image, link.room_size, file.refuse());
    if (!link.room)
      return false;
  }
  link.code.address = link.room;
  link.constants.address = link.code.address + link.code.mapped_size();
  link.data.address = link.constants.address + link.constants.mapped_size();
  return fill_area(file, link, Area::kCode, 0xcc) && fill_area(file, link, Area::kConstants, 0) &&
         fill_area(file, link, Area::kData, 0);
}

} // namespace wfp
