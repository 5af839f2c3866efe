// Mutations that know ELF: half of the inputs get a field of a header, symbol, relocation or record changed, where bytes at
// random would nearly always hit code.  libFuzzer calls it, in each target that this is linked into.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <random>
#include <span>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t room);

namespace {

class Mutation {
public:
  Mutation(std::uint8_t *data, std::size_t size, unsigned seed) : file_(data, size), random_(seed) {}

  // False: it is no ELF file whose section headers can be found, or nothing could be changed.
  bool apply() {
    if (file_.size() < sizeof header_)
      return false;
    std::memcpy(&header_, file_.data(), sizeof header_);
    if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 || header_.e_shnum == 0 || header_.e_shoff > file_.size() ||
        header_.e_shnum * sizeof(Elf64_Shdr) > file_.size() - header_.e_shoff)
      return false;
    const std::size_t at = header_.e_shoff + below(header_.e_shnum) * sizeof(Elf64_Shdr);
    if (below(3) == 0)
      return change_field(at, kSectionFields);
    Elf64_Shdr section;
    std::memcpy(&section, file_.data() + at, sizeof section);
    if (section.sh_type == SHT_NOBITS || section.sh_offset > file_.size() || section.sh_size > file_.size() - section.sh_offset)
      return false;
    if (section.sh_type == SHT_SYMTAB)
      return change_entry(section, sizeof(Elf64_Sym), kSymbolFields);
    if (section.sh_type == SHT_RELA)
      return change_entry(section, sizeof(Elf64_Rela), kRelocationFields);
    constexpr std::size_t kWord = 4; // of a record, a frame's description, a table
    if (section.sh_size < kWord)
      return false;
    change(section.sh_offset + below(section.sh_size / kWord) * kWord, below(4) == 0 ? 1 : kWord);
    return true;
  }

private:
  struct Field {
    std::size_t offset, size;
  };
#define FIELD(type, name) {offsetof(type, name), sizeof(type::name)}
  static constexpr Field kSectionFields[] = {FIELD(Elf64_Shdr, sh_name),   FIELD(Elf64_Shdr, sh_type),      FIELD(Elf64_Shdr, sh_flags),
                                             FIELD(Elf64_Shdr, sh_offset), FIELD(Elf64_Shdr, sh_size),      FIELD(Elf64_Shdr, sh_link),
                                             FIELD(Elf64_Shdr, sh_info),   FIELD(Elf64_Shdr, sh_addralign), FIELD(Elf64_Shdr, sh_entsize)};
  static constexpr Field kSymbolFields[] = {FIELD(Elf64_Sym, st_name),  FIELD(Elf64_Sym, st_info),  FIELD(Elf64_Sym, st_other),
                                            FIELD(Elf64_Sym, st_shndx), FIELD(Elf64_Sym, st_value), FIELD(Elf64_Sym, st_size)};
  static constexpr Field kRelocationFields[] = {FIELD(Elf64_Rela, r_offset), {8, 4}, {12, 4}, FIELD(Elf64_Rela, r_addend)}; // type, symbol
#undef FIELD

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

  bool change_field(std::size_t at, std::span<const Field> fields) {
    const Field &field = fields[below(fields.size())];
    change(at + field.offset, field.size);
    return true;
  }

  bool change_entry(const Elf64_Shdr &section, std::size_t entry, std::span<const Field> fields) {
    const std::size_t count = section.sh_size / entry;
    return count != 0 && change_field(section.sh_offset + below(count) * entry, fields);
  }

  void change(std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, file_.data() + at, size);
    switch (below(6)) {
    case 0: value = below(header_.e_shnum + 2); break;
    case 1: value += below(17) - 8; break;
    case 2: value ^= std::uint64_t{1} << below(8 * size); break;
    case 3: value = ~std::uint64_t{0} >> below(64); break;
    case 4: value = below(file_.size() + 2); break;
    default: value = below(256); break;
    }
    std::memcpy(file_.data() + at, &value, size);
  }

  std::span<std::uint8_t> file_;
  std::minstd_rand random_;
  Elf64_Ehdr header_{};
};

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t room, unsigned seed) {
  return seed % 2 && Mutation(data, size, seed).apply() ? size : LLVMFuzzerMutate(data, size, room);
}
