// Dynamic symbol lookup (System V gABI "Hash Table", GNU hash: binutils' and glibc's de-facto format), by the dynamic
// linker's rules for a reference without a version: hidden versions (name@V) do not count, default ones (name@@V) do; the
// first object that has the name wins, weak or not; an undefined symbol with a value is an executable's canonical PLT entry.
#include "runtime/src/dso.h"

#include <cstring>

namespace wfp {

namespace {

constexpr std::uint16_t kHiddenVersion = 0x8000;
constexpr std::uint32_t kMaxChain = 1u << 20; // a longer one is damage

std::uint32_t gnu_hash(const char *name) {
  std::uint32_t hash = 5381;
  for (; *name; ++name)
    hash = hash * 33 + static_cast<std::uint8_t>(*name);
  return hash;
}

std::uint32_t sysv_hash(const char *name) {
  std::uint32_t hash = 0;
  for (; *name; ++name) {
    hash = (hash << 4) + static_cast<std::uint8_t>(*name);
    std::uint32_t high = hash & 0xf0000000;
    hash = (hash ^ high >> 24) & ~high;
  }
  return hash;
}

bool name_equals(const Dso &dso, std::uint32_t offset, const char *name, std::size_t length) {
  if (offset >= dso.strings_size || length >= dso.strings_size - offset)
    return false;
  std::uintptr_t at = dso.strings + offset;
  if (dso.direct)
    return std::memcmp(reinterpret_cast<const void *>(at), name, length + 1) == 0;
  char piece[256];
  for (std::size_t done = 0; done <= length; done += sizeof piece) {
    std::size_t count = length + 1 - done < sizeof piece ? length + 1 - done : sizeof piece;
    if (!dso.read(at + done, piece, count) || std::memcmp(piece, name + done, count) != 0)
      return false;
  }
  return true;
}

bool matches(const Dso &dso, std::uint32_t index, const char *name, std::size_t length, DsoSymbol &found) {
  Elf64_Sym symbol;
  if (!dso.read(dso.symbols + std::uint64_t{index} * sizeof symbol, symbol) || symbol.st_name == 0)
    return false;
  std::uint8_t type = ELF64_ST_TYPE(symbol.st_info), binding = ELF64_ST_BIND(symbol.st_info);
  if (binding != STB_GLOBAL && binding != STB_WEAK && binding != STB_GNU_UNIQUE)
    return false;
  if (type != STT_NOTYPE && type != STT_OBJECT && type != STT_FUNC && type != STT_COMMON && type != STT_TLS &&
      type != STT_GNU_IFUNC)
    return false;
  std::uint8_t visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  if (visibility == STV_HIDDEN || visibility == STV_INTERNAL)
    return false;
  if (symbol.st_value == 0 && symbol.st_shndx != SHN_ABS && type != STT_TLS)
    return false;
  if (type == STT_TLS && symbol.st_shndx == SHN_UNDEF)
    return false;
  if (!name_equals(dso, symbol.st_name, name, length))
    return false;
  if (dso.versions) {
    std::uint16_t version;
    if (!dso.read(dso.versions + std::uint64_t{index} * sizeof version, version) || (version & kHiddenVersion))
      return false;
  }
  found.dso = &dso;
  found.address = type == STT_TLS || symbol.st_shndx == SHN_ABS ? symbol.st_value : dso.bias + symbol.st_value;
  found.size = symbol.st_size;
  found.type = type;
  found.defined = symbol.st_shndx != SHN_UNDEF;
  return true;
}

bool find_by_gnu_hash(const Dso &dso, const char *name, std::size_t length, DsoSymbol &found) {
  struct {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  } header;
  if (!dso.read(dso.gnu_hash, header) || header.buckets == 0 || header.bloom_words == 0)
    return false;
  std::uint32_t hash = gnu_hash(name);
  std::uintptr_t bloom = dso.gnu_hash + sizeof header;
  std::uint64_t word;
  if (!dso.read(bloom + 8 * (std::uint64_t{hash / 64} & (header.bloom_words - 1)), word) ||
      !(word >> (hash % 64) & word >> ((hash >> (header.bloom_shift & 31)) % 64) & 1))
    return false;
  std::uintptr_t buckets = bloom + 8 * std::uint64_t{header.bloom_words};
  std::uintptr_t chains = buckets + 4 * std::uint64_t{header.buckets};
  std::uint32_t index;
  if (!dso.read(buckets + 4 * std::uint64_t{hash % header.buckets}, index) || index < header.first_symbol)
    return false;
  for (std::uint32_t steps = 0; steps < kMaxChain; ++steps, ++index) {
    std::uint32_t entry;
    if (!dso.read(chains + 4 * std::uint64_t{index - header.first_symbol}, entry))
      return false;
    if ((entry | 1) == (hash | 1) && matches(dso, index, name, length, found))
      return true;
    if (entry & 1)
      return false;
  }
  return false;
}

bool find_by_sysv_hash(const Dso &dso, const char *name, std::size_t length, DsoSymbol &found) {
  struct {
    std::uint32_t buckets, chains;
  } header;
  if (!dso.read(dso.sysv_hash, header) || header.buckets == 0)
    return false;
  std::uintptr_t buckets = dso.sysv_hash + sizeof header;
  std::uintptr_t chains = buckets + 4 * std::uint64_t{header.buckets};
  std::uint32_t index;
  if (!dso.read(buckets + 4 * std::uint64_t{sysv_hash(name) % header.buckets}, index))
    return false;
  for (std::uint32_t steps = 0; index != STN_UNDEF && index < header.chains && steps < kMaxChain; ++steps) {
    if (matches(dso, index, name, length, found))
      return true;
    if (!dso.read(chains + 4 * std::uint64_t{index}, index))
      return false;
  }
  return false;
}

bool is_vdso(const Dso &dso) { return std::strncmp(dso.path, "linux-vdso", 10) == 0; }

} // namespace

bool find_dynamic_symbol(const Dso &dso, const char *name, DsoSymbol &found) {
  if (dso.gone || !dso.symbols || !dso.strings || is_vdso(dso)) // the vDSO is in the link map but in no scope
    return false;
  std::size_t length = std::strlen(name);
  if (dso.gnu_hash)
    return find_by_gnu_hash(dso, name, length, found);
  return dso.sysv_hash && find_by_sysv_hash(dso, name, length, found);
}

} // namespace wfp
