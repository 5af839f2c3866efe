// Makes small .wfp files for tests: sections, symbols, relocations and manifest rows, then finish() lays them out and
// writes the digest.  Nothing is checked: tests make malformed files on purpose.
#pragma once

#include "format/manifest.h"

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <vector>

namespace wfp::format::test {

class UpdateBuilder {
public:
  struct Section {
    std::string name;
    Elf64_Shdr header = {};
    std::vector<std::uint8_t> bytes;
    std::vector<Elf64_Rela> relocations;
  };
  struct Symbol {
    std::string name;
    Elf64_Sym row = {};
  };

  UpdateBuilder();

  // Index of the new section.
  std::uint32_t add_section(const std::string &name, std::uint64_t flags, std::vector<std::uint8_t> bytes,
                            std::uint32_t type = SHT_PROGBITS, std::uint64_t alignment = 16);
  // Index of the new symbol; section SHN_UNDEF for an import.
  std::uint32_t add_symbol(const std::string &name, std::uint32_t section, std::uint64_t value = 0, std::uint64_t size = 0,
                           int binding = STB_GLOBAL, int type = STT_FUNC);
  void add_relocation(std::uint32_t section, std::uint64_t offset, std::uint32_t type, std::uint32_t symbol,
                      std::int64_t addend);
  std::uint32_t string(const std::string &text); // offset in the manifest's strings
  std::uint32_t add_unit(const std::string &key, std::uint8_t old_id, std::uint8_t new_id, std::uint32_t flags);

  std::vector<Section> sections; // [0] is the null section
  std::vector<Symbol> symbols;   // [0] is the null symbol
  std::vector<ManifestUnit> units;
  std::vector<ManifestSection> loaded;
  std::vector<ManifestFunction> functions;
  std::vector<ManifestOldCode> old_code;
  std::vector<ManifestPart> parts;
  std::vector<ManifestMask> masks;
  std::vector<ManifestImport> imports;
  std::vector<ManifestDefinition> definitions;
  std::vector<ManifestRemark> remarks;
  std::string strings = std::string(1, '\0');

  std::vector<std::uint8_t> finish();

private:
  std::vector<std::uint8_t> manifest() const;
};

// Where the manifest is; 0 if it cannot be found.
std::size_t manifest_offset(const std::vector<std::uint8_t> &file);
// Writes the digest again after a change.
void seal(std::vector<std::uint8_t> &file);

// A file with one row of everything.
UpdateBuilder sample_builder();

} // namespace wfp::format::test
