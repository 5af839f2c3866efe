// Reads a .wfp: an ELF relocatable object and its manifest (manifest.h).
//
// The bytes are hostile until open() has said otherwise: it checks every header, table, string and index once, and the
// digest over all of it, so that its users (the runtime, `wfpatch inspect`, fuzzers) can follow them without a further
// check.  What a well-formed update may *contain* (which sections, which relocations) is the loader's to judge.
//
// It neither allocates nor throws nor keeps state outside the object: usable on the runtime's control thread.
#pragma once

#include "format/manifest.h"
#include "format/text.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>

namespace wfp::format {

// A view of consecutive rows in the file.
template <typename T> class Rows {
public:
  Rows() = default;
  Rows(const T *first, std::size_t count) : first_(first), count_(count) {}
  const T *begin() const { return first_; }
  const T *end() const { return first_ + count_; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const T &operator[](std::size_t index) const { return first_[index]; }
  // Rows [first, first + count); checked by open() for every such pair in the manifest.
  Rows slice(std::uint32_t first, std::uint32_t count) const { return {first_ + first, count}; }

private:
  const T *first_ = nullptr;
  std::size_t count_ = 0;
};

class UpdateReader {
public:
  // `bytes` must be aligned to 8, stay as they are and outlive the reader.  On false, one line is *appended* to `why` (the
  // caller has named the file already), and nothing else here may be used.
  [[nodiscard]] bool open(const std::uint8_t *bytes, std::size_t size, TextSink &why);

  // The ELF file.
  Rows<Elf64_Shdr> sections() const { return sections_; }
  Rows<Elf64_Sym> symbols() const { return symbols_; }
  const char *section_name(const Elf64_Shdr &section) const { return section_names_ + section.sh_name; }
  const char *symbol_name(const Elf64_Sym &symbol) const { return symbol_names_ + symbol.st_name; }
  // sh_size bytes; nullptr for SHT_NOBITS.
  const std::uint8_t *contents(const Elf64_Shdr &section) const {
    return section.sh_type == SHT_NOBITS ? nullptr : bytes_ + section.sh_offset;
  }
  // The entries of a section of type SHT_RELA; each lies in its target (section sh_info), if that is not compressed.
  Rows<Elf64_Rela> relocations(const Elf64_Shdr &rela) const;

  // The manifest.
  const std::uint8_t *id() const { return header_->digest; } // 32 bytes
  const char *string(std::uint32_t offset) const { return strings_ + offset; }
  Rows<ManifestUnit> units() const { return table<ManifestUnit>(header_->units); }
  Rows<ManifestSection> manifest_sections() const { return table<ManifestSection>(header_->sections); }
  Rows<ManifestFunction> functions() const { return table<ManifestFunction>(header_->functions); }
  Rows<ManifestOldCode> old_code() const { return table<ManifestOldCode>(header_->old_code); }
  Rows<ManifestPart> parts() const { return table<ManifestPart>(header_->parts); }
  Rows<ManifestMask> masks() const { return table<ManifestMask>(header_->masks); }
  Rows<ManifestImport> imports() const { return table<ManifestImport>(header_->imports); }
  Rows<ManifestDefinition> definitions() const { return table<ManifestDefinition>(header_->definitions); }
  Rows<ManifestRemark> remarks() const { return table<ManifestRemark>(header_->remarks); }

private:
  template <typename T> Rows<T> table(const Table &table) const {
    return {reinterpret_cast<const T *>(manifest_ + table.offset), table.count};
  }
  bool in_file(std::uint64_t offset, std::uint64_t size) const { return offset <= size_ && size <= size_ - offset; }
  bool check_elf_header(TextSink &why);
  bool check_sections(TextSink &why);
  bool check_symbols(TextSink &why);
  bool check_relocations(TextSink &why);
  bool find_manifest(TextSink &why);
  bool check_digest(TextSink &why);
  bool check_units(TextSink &why);
  bool check_functions(TextSink &why);
  bool check_old_code(TextSink &why);
  bool check_imports(TextSink &why);
  bool check_definitions(TextSink &why);
  bool check_remarks(TextSink &why);
  bool is_string(std::uint32_t offset) const { return offset < header_->strings.count; }
  bool is_string_or_none(std::uint32_t offset) const { return offset == kNone || is_string(offset); }
  bool is_unit(std::uint32_t index) const { return index < header_->units.count; }
  bool is_defined_symbol(std::uint32_t index) const;

  const std::uint8_t *bytes_ = nullptr;
  std::size_t size_ = 0;
  Rows<Elf64_Shdr> sections_;
  const char *section_names_ = nullptr;
  Rows<Elf64_Sym> symbols_;
  const char *symbol_names_ = nullptr;
  const std::uint8_t *manifest_ = nullptr;
  std::uint64_t manifest_size_ = 0;
  const ManifestHeader *header_ = nullptr;
  const char *strings_ = nullptr;
};

} // namespace wfp::format
