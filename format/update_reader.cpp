// The checks go from the outside in: ELF header, sections, manifest header, digest, then symbols, relocations and the
// manifest's rows.  The digest comes as early as its place is known, so that damage is called damage; the checks behind it
// are for files that somebody made on purpose.
#include "format/update_reader.h"

#include "format/sha256.h"

namespace wfp::format {

namespace {

bool refuse(TextSink &why, const char *reason) {
  why << reason;
  return false;
}

bool refuse_row(TextSink &why, const char *table, std::size_t row, const char *reason) {
  why << "damaged manifest: " << table << " row " << row << ": " << reason;
  return false;
}

// A string table that ends with NUL, so that every offset inside is a string.
bool is_string_table(const Elf64_Shdr &section, const std::uint8_t *bytes) {
  return section.sh_type == SHT_STRTAB && section.sh_size > 0 && bytes[section.sh_offset + section.sh_size - 1] == 0;
}

} // namespace

Rows<Elf64_Rela> UpdateReader::relocations(const Elf64_Shdr &rela) const {
  return {reinterpret_cast<const Elf64_Rela *>(bytes_ + rela.sh_offset), rela.sh_size / sizeof(Elf64_Rela)};
}

bool UpdateReader::open(const std::uint8_t *bytes, std::size_t size, TextSink &why) {
  bytes_ = bytes;
  size_ = size;
  if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(Elf64_Ehdr) != 0)
    return refuse(why, "internal: the update's bytes are not aligned");
  return check_elf_header(why) && check_sections(why) && find_manifest(why) && check_digest(why) && check_symbols(why) &&
         check_relocations(why) && check_units(why) && check_functions(why) && check_old_code(why) && check_imports(why) &&
         check_definitions(why) && check_remarks(why);
}

bool UpdateReader::check_elf_header(TextSink &why) {
  const auto *header = reinterpret_cast<const Elf64_Ehdr *>(bytes_);
  if (size_ < SELFMAG || std::memcmp(bytes_, ELFMAG, SELFMAG) != 0)
    return refuse(why, "not an update file (not ELF)");
  if (size_ < sizeof *header)
    return refuse(why, "truncated: the ELF header is incomplete");
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != EM_X86_64)
    return refuse(why, "made for another machine (not ELF64 x86-64)");
  if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_type != ET_REL)
    return refuse(why, "not an update file (not a relocatable object)");
  if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 || header->e_shnum >= SHN_LORESERVE ||
      header->e_shoff % alignof(Elf64_Shdr) != 0)
    return refuse(why, "damaged: bad section header table");
  if (!in_file(header->e_shoff, std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr)))
    return refuse(why, "truncated: the section header table lies behind the end of the file");
  sections_ = {reinterpret_cast<const Elf64_Shdr *>(bytes_ + header->e_shoff), header->e_shnum};
  if (header->e_shstrndx >= sections_.size())
    return refuse(why, "damaged: bad index of the section name table");
  return true;
}

bool UpdateReader::check_sections(TextSink &why) {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const Elf64_Shdr &section = sections_[i];
    if (section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS) {
      if (section.sh_size > INT64_MAX)
        return why << "damaged: section " << i << " has an impossible size", false;
    } else if (!in_file(section.sh_offset, section.sh_size)) {
      return why << "truncated: section " << i << " lies behind the end of the file", false;
    }
    if (section.sh_addralign & (section.sh_addralign - 1))
      return why << "damaged: section " << i << " has an alignment that is no power of two", false;
  }
  const Elf64_Shdr &names = sections_[reinterpret_cast<const Elf64_Ehdr *>(bytes_)->e_shstrndx];
  if (!is_string_table(names, bytes_))
    return refuse(why, "damaged: bad section name table");
  section_names_ = reinterpret_cast<const char *>(bytes_ + names.sh_offset);
  for (std::size_t i = 0; i < sections_.size(); ++i)
    if (sections_[i].sh_name >= names.sh_size)
      return why << "damaged: section " << i << " has a bad name", false;
  return true;
}

bool UpdateReader::find_manifest(TextSink &why) {
  const Elf64_Shdr *found = nullptr;
  for (const Elf64_Shdr &section : sections_) {
    if (section.sh_type == SHT_NULL || std::strcmp(section_name(section), kManifestSection) != 0)
      continue;
    if (found)
      return refuse(why, "damaged: two manifests");
    found = &section;
  }
  if (!found)
    return refuse(why, "not an update file (no section .wfpatch.manifest)");
  if (found->sh_type != SHT_PROGBITS || found->sh_offset % 8 != 0 || found->sh_size < sizeof(ManifestHeader) ||
      (found->sh_flags & (SHF_ALLOC | SHF_COMPRESSED)))
    return refuse(why, "damaged: bad manifest section");
  manifest_ = bytes_ + found->sh_offset;
  manifest_size_ = found->sh_size;
  header_ = reinterpret_cast<const ManifestHeader *>(manifest_);
  if (std::memcmp(header_->magic, kManifestMagic, sizeof kManifestMagic) != 0)
    return refuse(why, "damaged: the manifest does not begin with its magic");
  if (header_->version != kManifestVersion || header_->header_size != sizeof(ManifestHeader)) {
    why << "written for another version of wfpatch: manifest version " << header_->version << ", this one reads "
        << kManifestVersion;
    return false;
  }
  struct {
    const Table &table;
    std::size_t row;
    const char *name;
  } const tables[] = {
      {header_->units, sizeof(ManifestUnit), "units"},
      {header_->sections, sizeof(ManifestSection), "sections"},
      {header_->functions, sizeof(ManifestFunction), "functions"},
      {header_->old_code, sizeof(ManifestOldCode), "old code"},
      {header_->parts, sizeof(ManifestPart), "parts"},
      {header_->masks, sizeof(ManifestMask), "masks"},
      {header_->imports, sizeof(ManifestImport), "imports"},
      {header_->definitions, sizeof(ManifestDefinition), "definitions"},
      {header_->remarks, sizeof(ManifestRemark), "remarks"},
      {header_->strings, 1, "strings"},
  };
  for (const auto &entry : tables) {
    std::uint64_t bytes = std::uint64_t{entry.table.count} * entry.row;
    if (entry.table.offset % 8 != 0 || entry.table.offset > manifest_size_ ||
        bytes > manifest_size_ - entry.table.offset)
      return why << "damaged manifest: table " << entry.name << " lies outside", false;
  }
  strings_ = reinterpret_cast<const char *>(manifest_ + header_->strings.offset);
  if (header_->strings.count == 0 || strings_[header_->strings.count - 1] != '\0')
    return refuse(why, "damaged manifest: the strings do not end with NUL");
  return true;
}

bool UpdateReader::check_digest(TextSink &why) {
  Sha256 hash;
  std::size_t before = static_cast<std::size_t>(header_->digest - bytes_);
  std::size_t after = before + sizeof header_->digest;
  hash.update(bytes_, before);
  hash.update_zeros(sizeof header_->digest);
  hash.update(bytes_ + after, size_ - after);
  std::uint8_t digest[Sha256::kDigestBytes];
  hash.finish(digest);
  if (std::memcmp(digest, header_->digest, sizeof digest) != 0)
    return refuse(why, "damaged: the file's bytes do not match the digest in its manifest");
  return true;
}

bool UpdateReader::check_symbols(TextSink &why) {
  const Elf64_Shdr *table = nullptr;
  for (const Elf64_Shdr &section : sections_) {
    if (section.sh_type == SHT_SYMTAB_SHNDX || section.sh_type == SHT_REL || section.sh_type == SHT_DYNAMIC)
      return why << "unsupported section " << section_name(section) << " of type " << section.sh_type, false;
    if (section.sh_type != SHT_SYMTAB)
      continue;
    if (table)
      return refuse(why, "damaged: two symbol tables");
    table = &section;
  }
  if (!table)
    return refuse(why, "damaged: no symbol table");
  if (table->sh_entsize != sizeof(Elf64_Sym) || table->sh_size % sizeof(Elf64_Sym) != 0 || table->sh_size == 0 ||
      table->sh_offset % alignof(Elf64_Sym) != 0 || table->sh_link >= sections_.size() ||
      !is_string_table(sections_[table->sh_link], bytes_))
    return refuse(why, "damaged: bad symbol table");
  const Elf64_Shdr &names = sections_[table->sh_link];
  symbol_names_ = reinterpret_cast<const char *>(bytes_ + names.sh_offset);
  symbols_ = {reinterpret_cast<const Elf64_Sym *>(bytes_ + table->sh_offset), table->sh_size / sizeof(Elf64_Sym)};
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const Elf64_Sym &symbol = symbols_[i];
    if (symbol.st_name >= names.sh_size)
      return why << "damaged: symbol " << i << " has a bad name", false;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS)
      continue;
    if (symbol.st_shndx == SHN_COMMON)
      return why << "unsupported common symbol " << symbol_name(symbol), false;
    if (symbol.st_shndx >= sections_.size())
      return why << "damaged: symbol " << i << " (" << symbol_name(symbol) << ") is in no section", false;
    std::uint64_t size = sections_[symbol.st_shndx].sh_size;
    if (symbol.st_value > size || symbol.st_size > size - symbol.st_value)
      return why << "damaged: symbol " << i << " (" << symbol_name(symbol) << ") lies outside its section", false;
  }
  return true;
}

bool UpdateReader::check_relocations(TextSink &why) {
  for (const Elf64_Shdr &section : sections_) {
    if (section.sh_type != SHT_RELA)
      continue;
    const char *name = section_name(section);
    if (section.sh_entsize != sizeof(Elf64_Rela) || section.sh_size % sizeof(Elf64_Rela) != 0 ||
        section.sh_offset % alignof(Elf64_Rela) != 0 || section.sh_link >= sections_.size() ||
        sections_[section.sh_link].sh_type != SHT_SYMTAB || section.sh_info >= sections_.size() ||
        section.sh_info == SHN_UNDEF)
      return why << "damaged: bad relocation section " << name, false;
    const Elf64_Shdr &target = sections_[section.sh_info];
    std::size_t row = 0;
    for (const Elf64_Rela &relocation : relocations(section)) {
      if (ELF64_R_SYM(relocation.r_info) >= symbols_.size())
        return why << "damaged: relocation " << row << " in " << name << " has a bad symbol", false;
      if (!(target.sh_flags & SHF_COMPRESSED) && relocation.r_offset > target.sh_size)
        return why << "damaged: relocation " << row << " in " << name << " lies outside its section", false;
      ++row;
    }
  }
  return true;
}

bool UpdateReader::is_defined_symbol(std::uint32_t index) const {
  return index != 0 && index < symbols_.size() && symbols_[index].st_shndx != SHN_UNDEF;
}

bool UpdateReader::check_units(TextSink &why) {
  static constexpr std::uint8_t kNoId[32] = {};
  Rows<ManifestUnit> rows = units();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_string(rows[i].key) || *string(rows[i].key) == '\0')
      return refuse_row(why, "units", i, "bad key");
    bool has_old = std::memcmp(rows[i].old_id, kNoId, sizeof kNoId) != 0;
    if (has_old == ((rows[i].flags & kUnitNew) != 0))
      return refuse_row(why, "units", i, "a unit has an old id, or is new");
  }
  Rows<ManifestSection> loaded = manifest_sections();
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    if (loaded[i].section >= sections_.size() || !(sections_[loaded[i].section].sh_flags & SHF_ALLOC))
      return refuse_row(why, "sections", i, "bad section");
    if (!is_unit(loaded[i].unit))
      return refuse_row(why, "sections", i, "bad unit");
  }
  return true;
}

bool UpdateReader::check_functions(TextSink &why) {
  Rows<ManifestFunction> rows = functions();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ManifestFunction &row = rows[i];
    if (!is_unit(row.unit) || row.change > static_cast<std::uint32_t>(FunctionChange::kAdded))
      return refuse_row(why, "functions", i, "bad unit or change");
    if (i > 0 && row.unit < rows[i - 1].unit)
      return refuse_row(why, "functions", i, "not sorted by unit");
    auto change = static_cast<FunctionChange>(row.change);
    bool has_old = change != FunctionChange::kAdded, has_new = change != FunctionChange::kRemoved;
    if (!is_string(row.display) || !is_string_or_none(row.old_name) || !is_string_or_none(row.new_name) ||
        has_old != (row.old_name != kNone) || has_new != (row.new_name != kNone))
      return refuse_row(why, "functions", i, "bad name");
    if (has_new ? !is_defined_symbol(row.symbol) || symbols_[row.symbol].st_shndx == SHN_ABS : row.symbol != kNone)
      return refuse_row(why, "functions", i, "bad symbol");
    if (has_old ? row.old_code_count == 0 || row.old_code > old_code().size() ||
                      row.old_code_count > old_code().size() - row.old_code
                : row.old_code != kNone || row.old_code_count != 0)
      return refuse_row(why, "functions", i, "bad old code");
  }
  return true;
}

bool UpdateReader::check_old_code(TextSink &why) {
  // A part and a mask belong to one row each, so that the work to check and use them is bounded by the file's size.
  std::uint64_t parts_used = 0, masks_used = 0;
  Rows<ManifestOldCode> rows = old_code();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ManifestOldCode &row = rows[i];
    if (!is_unit(row.unit) || !is_string(row.name) || row.size > INT32_MAX)
      return refuse_row(why, "old code", i, "bad unit, name or size");
    parts_used += row.part_count;
    masks_used += row.mask_count;
    if (row.first_part > parts().size() || row.part_count > parts().size() - row.first_part ||
        parts_used > parts().size())
      return refuse_row(why, "old code", i, "bad parts");
    if (row.first_mask > masks().size() || row.mask_count > masks().size() - row.first_mask ||
        masks_used > masks().size())
      return refuse_row(why, "old code", i, "bad masks");
    for (const ManifestPart &part : parts().slice(row.first_part, row.part_count))
      if (row.size < 4 || part.reference > row.size - 4 || part.size > INT32_MAX)
        return refuse_row(why, "old code", i, "a part's reference lies outside");
    for (const ManifestMask &mask : masks().slice(row.first_mask, row.mask_count))
      if (mask.offset > row.size || mask.length > row.size - mask.offset)
        return refuse_row(why, "old code", i, "a mask lies outside");
  }
  return true;
}

bool UpdateReader::check_imports(TextSink &why) {
  Rows<ManifestImport> rows = imports();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ManifestImport &row = rows[i];
    if (row.symbol == 0 || row.symbol >= symbols_.size() || symbols_[row.symbol].st_shndx != SHN_UNDEF)
      return refuse_row(why, "imports", i, "bad symbol");
    if (i > 0 && row.symbol <= rows[i - 1].symbol)
      return refuse_row(why, "imports", i, "not sorted by symbol");
    if (!is_unit(row.unit) || !is_string(row.name) || row.kind > static_cast<std::uint32_t>(ImportKind::kUnknown))
      return refuse_row(why, "imports", i, "bad unit, name or kind");
  }
  return true;
}

bool UpdateReader::check_definitions(TextSink &why) {
  Rows<ManifestDefinition> rows = definitions();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ManifestDefinition &row = rows[i];
    if (!is_unit(row.unit) || !is_string(row.name) || row.kind > static_cast<std::uint32_t>(ImportKind::kUnknown))
      return refuse_row(why, "definitions", i, "bad unit, name or kind");
    if (row.symbol == kNone ? !is_string(row.old_name) : !is_defined_symbol(row.symbol))
      return refuse_row(why, "definitions", i, "neither a symbol nor an old name");
  }
  return true;
}

bool UpdateReader::check_remarks(TextSink &why) {
  Rows<ManifestRemark> rows = remarks();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ManifestRemark &row = rows[i];
    if (row.kind > static_cast<std::uint32_t>(RemarkKind::kNote) || !is_string(row.text) ||
        (row.unit != kNone && !is_unit(row.unit)))
      return refuse_row(why, "remarks", i, "bad kind, unit or text");
    bool is_reinit = row.kind == static_cast<std::uint32_t>(RemarkKind::kReinit);
    if (is_reinit ? !is_defined_symbol(row.symbol) || row.unit == kNone
                  : row.symbol != kNone && (row.symbol == 0 || row.symbol >= symbols_.size()))
      return refuse_row(why, "remarks", i, "bad symbol");
  }
  return true;
}

} // namespace wfp::format
