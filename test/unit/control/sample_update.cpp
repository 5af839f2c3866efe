#include "test/unit/control/sample_update.h"

#include "format/manifest.h"
#include "format/sha256.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace wfp::control::test {

namespace {

using namespace format;

template <typename T> std::string bytes_of(const std::vector<T> &rows) {
  return std::string(reinterpret_cast<const char *>(rows.data()), rows.size() * sizeof(T));
}

// NUL-terminated strings behind an empty one.
class Strings {
public:
  std::uint32_t add(const std::string &text) {
    auto offset = static_cast<std::uint32_t>(content.size());
    content += text + '\0';
    return offset;
  }
  std::string content = std::string(1, '\0');
};

struct Section {
  std::string name;
  std::uint32_t type;
  std::uint64_t flags;
  std::string content;
  std::uint32_t link = 0, info = 0;
  std::uint64_t entry_size = 0;
};

enum : std::uint16_t { kText = 1, kData = 2, kRodata = 3, kManifest = 4, kSymtab = 5, kStrtab = 6, kShstrtab = 7 };

Elf64_Sym symbol(std::uint32_t name, unsigned char bind, unsigned char type, std::uint16_t section, std::uint64_t value,
                 std::uint64_t size) {
  return {name, static_cast<unsigned char>(ELF64_ST_INFO(bind, type)), STV_DEFAULT, section, value, size};
}

std::string make_manifest() {
  Strings strings;
  const std::uint32_t key = strings.add("src/conn.c|obj/conn.o"), other = strings.add("src/log.c|obj/log.o");
  std::vector<ManifestUnit> units(2);
  units[0].key = key;
  units[0].flags = kUnitTouched;
  std::memset(units[0].old_id, 0x11, 32);
  std::memset(units[0].new_id, 0x22, 32);
  units[1].key = other;
  units[1].flags = 0;
  std::memset(units[1].old_id, 0x33, 32);
  std::memset(units[1].new_id, 0x44, 32);

  std::vector<ManifestSection> sections = {{kText, 0}, {kData, 0}, {kRodata, 0}};
  auto change = [](FunctionChange what) { return static_cast<std::uint32_t>(what); };
  const std::uint32_t parse = strings.add("_Z5parsePc"), gone = strings.add("gone"),
                      helper = strings.add("check_bounds");
  std::vector<ManifestFunction> functions = {
      {0, change(FunctionChange::kReplaced), parse, parse, strings.add("parse(char*)"), 1, kAllowActive, 0, 1},
      {0, change(FunctionChange::kRemoved), gone, kNone, gone, kNone, 0, 1, 1},
      {0, change(FunctionChange::kAdded), kNone, helper, helper, 2, kFunctionLocal, kNone, 0},
  };
  std::vector<ManifestOldCode> old_code(2);
  old_code[0].name = parse;
  old_code[1].name = gone;
  old_code[0].size = old_code[1].size = 32;
  std::vector<ManifestImport> imports = {
      {5, 0, strings.add("memcpy"), static_cast<std::uint32_t>(ImportKind::kFunction), kImportWeak, 0}};
  std::vector<ManifestRemark> remarks = {
      {static_cast<std::uint32_t>(RemarkKind::kNote), kNone, strings.add("made by hand"), kNone},
      {static_cast<std::uint32_t>(RemarkKind::kTrustedType), 0, strings.add("struct conn"), kNone}};

  ManifestHeader header = {};
  std::memcpy(header.magic, kManifestMagic, sizeof(kManifestMagic));
  header.version = kManifestVersion;
  header.header_size = sizeof(header);
  std::string body;
  auto place = [&](const std::string &rows, std::size_t count) {
    body.resize((body.size() + 7) / 8 * 8);
    Table table = {static_cast<std::uint32_t>(sizeof(header) + body.size()), static_cast<std::uint32_t>(count)};
    body += rows;
    return table;
  };
  header.units = place(bytes_of(units), units.size());
  header.sections = place(bytes_of(sections), sections.size());
  header.functions = place(bytes_of(functions), functions.size());
  header.old_code = place(bytes_of(old_code), old_code.size());
  header.parts = header.masks = header.definitions = place("", 0);
  header.imports = place(bytes_of(imports), imports.size());
  header.remarks = place(bytes_of(remarks), remarks.size());
  header.strings = place(strings.content, strings.content.size());
  return std::string(reinterpret_cast<const char *>(&header), sizeof(header)) + body;
}

} // namespace

SampleUpdate make_sample_update() {
  Strings names, section_names;
  std::vector<Elf64_Sym> symbols = {
      {},
      symbol(names.add("_Z5parsePc"), STB_GLOBAL, STT_FUNC, kText, 0, 32),
      symbol(names.add("check_bounds"), STB_GLOBAL, STT_FUNC, kText, 32, 16),
      symbol(names.add("rejected"), STB_GLOBAL, STT_OBJECT, kData, 0, 8),
      symbol(names.add("limits"), STB_GLOBAL, STT_OBJECT, kRodata, 0, 24),
      symbol(names.add("memcpy"), STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0, 0),
  };
  std::vector<Section> sections = {
      {"", SHT_NULL, 0, ""},
      {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, std::string(48, '\xc3')},
      {".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, std::string(8, '\0')},
      {".rodata", SHT_PROGBITS, SHF_ALLOC, std::string(24, 'r')},
      {kManifestSection, SHT_PROGBITS, 0, make_manifest()},
      {".symtab", SHT_SYMTAB, 0, bytes_of(symbols), kStrtab, 1, sizeof(Elf64_Sym)},
      {".strtab", SHT_STRTAB, 0, names.content},
      {".shstrtab", SHT_STRTAB, 0, ""},
  };
  std::vector<Elf64_Shdr> headers;
  for (const Section &section : sections) {
    Elf64_Shdr header = {};
    header.sh_name = section.name.empty() ? 0 : section_names.add(section.name);
    headers.push_back(header);
  }
  sections[kShstrtab].content = section_names.content;

  SampleUpdate update;
  update.bytes.assign(sizeof(Elf64_Ehdr), '\0');
  for (std::size_t i = 1; i < sections.size(); ++i) {
    const Section &section = sections[i];
    update.bytes.resize((update.bytes.size() + 7) / 8 * 8);
    headers[i].sh_type = section.type;
    headers[i].sh_flags = section.flags;
    headers[i].sh_offset = update.bytes.size();
    headers[i].sh_size = section.content.size();
    headers[i].sh_addralign = 8;
    headers[i].sh_link = section.link;
    headers[i].sh_info = section.info;
    headers[i].sh_entsize = section.entry_size;
    update.bytes += section.content;
  }
  update.bytes.resize((update.bytes.size() + 7) / 8 * 8);
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(header);
  header.e_shoff = update.bytes.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<std::uint16_t>(headers.size());
  header.e_shstrndx = kShstrtab;
  std::memcpy(update.bytes.data(), &header, sizeof(header));
  update.bytes += bytes_of(headers);
  update.code_offset = headers[kText].sh_offset;
  update.manifest_offset = headers[kManifest].sh_offset;

  Sha256 hash; // over the file with the digest's own bytes zero, as they still are
  hash.update(reinterpret_cast<const std::uint8_t *>(update.bytes.data()), update.bytes.size());
  std::uint8_t digest[Sha256::kDigestBytes];
  hash.finish(digest);
  std::memcpy(&update.bytes[update.manifest_offset + offsetof(ManifestHeader, digest)], digest, sizeof(digest));
  return update;
}

} // namespace wfp::control::test
