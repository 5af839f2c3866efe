#include "test/unit/format/update_builder.h"

#include "format/sha256.h"

namespace wfp::format::test {

namespace {

void append(std::vector<std::uint8_t> &to, const void *bytes, std::size_t size) {
  const auto *first = static_cast<const std::uint8_t *>(bytes);
  to.insert(to.end(), first, first + size);
}

void align(std::vector<std::uint8_t> &bytes, std::size_t alignment) {
  while (bytes.size() % alignment)
    bytes.push_back(0);
}

std::uint32_t add_name(std::string &table, const std::string &name) {
  auto offset = static_cast<std::uint32_t>(table.size());
  table += name + '\0';
  return offset;
}

template <typename Row> Table append_table(std::vector<std::uint8_t> &bytes, const std::vector<Row> &rows) {
  align(bytes, 8);
  Table table = {static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(rows.size())};
  append(bytes, rows.data(), rows.size() * sizeof(Row));
  return table;
}

} // namespace

UpdateBuilder::UpdateBuilder() : sections(1), symbols(1) {}

std::uint32_t UpdateBuilder::add_section(const std::string &name, std::uint64_t flags, std::vector<std::uint8_t> bytes,
                                         std::uint32_t type, std::uint64_t alignment) {
  Section section;
  section.name = name;
  section.header.sh_type = type;
  section.header.sh_flags = flags;
  section.header.sh_addralign = alignment;
  section.header.sh_size = bytes.size();
  section.bytes = std::move(bytes);
  sections.push_back(std::move(section));
  return static_cast<std::uint32_t>(sections.size() - 1);
}

std::uint32_t UpdateBuilder::add_symbol(const std::string &name, std::uint32_t section, std::uint64_t value,
                                        std::uint64_t size, int binding, int type) {
  Symbol symbol;
  symbol.name = name;
  symbol.row.st_info = static_cast<unsigned char>(ELF64_ST_INFO(binding, type));
  symbol.row.st_shndx = static_cast<Elf64_Section>(section);
  symbol.row.st_value = value;
  symbol.row.st_size = size;
  symbols.push_back(symbol);
  return static_cast<std::uint32_t>(symbols.size() - 1);
}

void UpdateBuilder::add_relocation(std::uint32_t section, std::uint64_t offset, std::uint32_t type, std::uint32_t symbol,
                                   std::int64_t addend) {
  Elf64_Rela row = {};
  row.r_offset = offset;
  row.r_info = ELF64_R_INFO(std::uint64_t{symbol}, type);
  row.r_addend = addend;
  sections[section].relocations.push_back(row);
}

std::uint32_t UpdateBuilder::string(const std::string &text) { return add_name(strings, text); }

std::uint32_t UpdateBuilder::add_unit(const std::string &key, std::uint8_t old_id, std::uint8_t new_id,
                                      std::uint32_t flags) {
  ManifestUnit unit = {};
  unit.key = string(key);
  unit.flags = flags;
  std::memset(unit.old_id, old_id, sizeof unit.old_id);
  std::memset(unit.new_id, new_id, sizeof unit.new_id);
  units.push_back(unit);
  return static_cast<std::uint32_t>(units.size() - 1);
}

std::vector<std::uint8_t> UpdateBuilder::manifest() const {
  std::vector<std::uint8_t> bytes(sizeof(ManifestHeader));
  ManifestHeader header = {};
  std::memcpy(header.magic, kManifestMagic, sizeof header.magic);
  header.version = kManifestVersion;
  header.header_size = sizeof header;
  header.units = append_table(bytes, units);
  header.sections = append_table(bytes, loaded);
  header.functions = append_table(bytes, functions);
  header.old_code = append_table(bytes, old_code);
  header.parts = append_table(bytes, parts);
  header.masks = append_table(bytes, masks);
  header.imports = append_table(bytes, imports);
  header.definitions = append_table(bytes, definitions);
  header.remarks = append_table(bytes, remarks);
  header.strings = append_table(bytes, std::vector<char>(strings.begin(), strings.end()));
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::vector<std::uint8_t> UpdateBuilder::finish() {
  std::vector<Section> all = sections;
  const auto content = all.size();
  const std::size_t relocated = content; // sections with relocations get a section of them behind all content
  for (std::size_t i = 1; i < relocated; ++i) {
    if (sections[i].relocations.empty())
      continue;
    Section rela;
    rela.name = ".rela" + sections[i].name;
    rela.header.sh_type = SHT_RELA;
    rela.header.sh_flags = SHF_INFO_LINK;
    rela.header.sh_info = static_cast<std::uint32_t>(i);
    rela.header.sh_entsize = sizeof(Elf64_Rela);
    rela.header.sh_addralign = 8;
    append(rela.bytes, sections[i].relocations.data(), sections[i].relocations.size() * sizeof(Elf64_Rela));
    all.push_back(rela);
  }
  Section manifest_section, table, names, section_names;
  manifest_section.name = kManifestSection;
  manifest_section.header.sh_type = SHT_PROGBITS;
  manifest_section.header.sh_addralign = 8;
  manifest_section.bytes = manifest();
  all.push_back(manifest_section);

  std::string symbol_names(1, '\0');
  table.name = ".symtab";
  table.header.sh_type = SHT_SYMTAB;
  table.header.sh_entsize = sizeof(Elf64_Sym);
  table.header.sh_addralign = 8;
  table.header.sh_info = 1;
  for (const Symbol &symbol : symbols) {
    Elf64_Sym row = symbol.row;
    row.st_name = symbol.name.empty() ? 0 : add_name(symbol_names, symbol.name);
    append(table.bytes, &row, sizeof row);
  }
  const auto table_index = static_cast<std::uint32_t>(all.size());
  table.header.sh_link = table_index + 1;
  all.push_back(table);
  names.name = ".strtab";
  names.header.sh_type = SHT_STRTAB;
  append(names.bytes, symbol_names.data(), symbol_names.size());
  all.push_back(names);
  section_names.name = ".shstrtab";
  section_names.header.sh_type = SHT_STRTAB;
  all.push_back(section_names);

  std::string header_names(1, '\0');
  for (Section &section : all) {
    section.header.sh_name = section.name.empty() ? 0 : add_name(header_names, section.name);
    if (section.header.sh_type == SHT_RELA)
      section.header.sh_link = table_index;
  }
  append(all.back().bytes, header_names.data(), header_names.size());

  std::vector<std::uint8_t> file(sizeof(Elf64_Ehdr));
  for (Section &section : all) {
    align(file, 16);
    section.header.sh_offset = file.size();
    if (section.header.sh_type != SHT_NOBITS) {
      section.header.sh_size = section.bytes.size();
      append(file, section.bytes.data(), section.bytes.size());
    }
  }
  align(file, 8);
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shoff = file.size();
  header.e_shnum = static_cast<Elf64_Half>(all.size());
  header.e_shstrndx = static_cast<Elf64_Half>(all.size() - 1);
  for (const Section &section : all)
    append(file, &section.header, sizeof section.header);
  std::memcpy(file.data(), &header, sizeof header);
  seal(file);
  return file;
}

std::size_t manifest_offset(const std::vector<std::uint8_t> &file) {
  for (std::size_t at = 0; at + sizeof(ManifestHeader) <= file.size(); at += 8)
    if (std::memcmp(file.data() + at, kManifestMagic, sizeof kManifestMagic) == 0)
      return at;
  return 0;
}

void seal(std::vector<std::uint8_t> &file) {
  std::size_t at = manifest_offset(file);
  if (!at)
    return;
  std::uint8_t *digest = file.data() + at + offsetof(ManifestHeader, digest);
  std::memset(digest, 0, Sha256::kDigestBytes);
  Sha256 hash;
  hash.update(file.data(), file.size());
  std::uint8_t result[Sha256::kDigestBytes];
  hash.finish(result);
  std::memcpy(digest, result, sizeof result);
}

UpdateBuilder sample_builder() {
  UpdateBuilder builder;
  std::uint32_t text = builder.add_section(".text.f", SHF_ALLOC | SHF_EXECINSTR, std::vector<std::uint8_t>(32, 0x90));
  std::uint32_t data = builder.add_section(".data.v", SHF_ALLOC | SHF_WRITE, std::vector<std::uint8_t>(16, 1));
  std::uint32_t function = builder.add_symbol("f", text, 0, 32);
  std::uint32_t variable = builder.add_symbol("v", data, 0, 16, STB_GLOBAL, STT_OBJECT);
  std::uint32_t import = builder.add_symbol("puts", SHN_UNDEF, 0, 0, STB_GLOBAL, STT_NOTYPE);
  builder.add_relocation(text, 4, R_X86_64_PLT32, import, -4);
  builder.add_relocation(text, 12, R_X86_64_PC32, variable, -4);
  std::uint32_t unit = builder.add_unit("a.c|a.o", 0x11, 0x22, kUnitTouched);
  builder.loaded = {{text, unit}, {data, unit}};
  builder.masks = {{0, 5}, {20, 4}};
  builder.parts = {{8, -4, 10, 0}};
  ManifestOldCode code = {};
  code.unit = unit;
  code.name = builder.string("f");
  code.size = 30;
  code.part_count = 1;
  code.mask_count = 2;
  builder.old_code = {code};
  builder.functions = {{unit, static_cast<std::uint32_t>(FunctionChange::kReplaced), builder.string("f"),
                        builder.string("f"), builder.string("f"), function, 0, 0, 1}};
  builder.imports = {{import, unit, builder.string("puts"), static_cast<std::uint32_t>(ImportKind::kFunction), 0, 0}};
  builder.definitions = {
      {unit, builder.string("v"), variable, kNone, static_cast<std::uint32_t>(ImportKind::kVariable), 0}};
  builder.remarks = {{static_cast<std::uint32_t>(RemarkKind::kNote), unit, builder.string("a note"), kNone}};
  return builder;
}

} // namespace wfp::format::test
