// How the objects are found:
//
//   main program   AT_PHDR of the auxiliary vector leads to its program headers, AT_ENTRY against e_entry gives the bias
//   the others     its DT_DEBUG entry leads to r_debug, and that to the link map: a list of {l_addr, l_name, l_ld, l_next}
//   static program no DT_DEBUG: the main program is all there is
//
// An object was there at start (and is never unmapped) if it stands in the link map no later than the last one that the
// main program needs, directly or not: glibc appends what is dlopened behind all of these.
#include "runtime/src/dso.h"
#include "runtime/src/process_memory.h"

#include "runtime/src/base/sys.h"

#include <cstring>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

namespace wfp {

namespace {

constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxObjects = 4096; // a longer link map is a damaged one
constexpr int kBusyAttempts = 200;        // of 1 ms: how long to wait for dlopen or dlclose on another thread

struct DsoList {
  Arena arena;
  Vec<Dso *> all;
  const r_debug *debug = nullptr;
};
DsoList *list = nullptr; // made by the first refresh; never freed

bool make_list(Message &why) {
  if (list)
    return true;
  long memory = sys::call(SYS_mmap, nullptr, sizeof(DsoList), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sys::failed(memory)) {
    why << "no memory for the list of images";
    return false;
  }
  list = new (reinterpret_cast<void *>(memory)) DsoList;
  list->all.set_arena(list->arena);
  return true;
}

bool out_of_memory(Message &why) {
  why << "no memory for the list of images";
  return false;
}

void find_extent(Dso &dso) {
  dso.low = UINTPTR_MAX;
  dso.high = 0;
  for (std::size_t i = 0; i < dso.phdr_count; ++i) {
    const Elf64_Phdr &segment = dso.phdrs[i];
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
      continue;
    std::uintptr_t first = (dso.bias + segment.p_vaddr) & ~std::uintptr_t{4095};
    std::uintptr_t last = (dso.bias + segment.p_vaddr + segment.p_memsz + 4095) & ~std::uintptr_t{4095};
    dso.low = first < dso.low ? first : dso.low;
    dso.high = last > dso.high ? last : dso.high;
  }
}

// glibc adds the bias to the addresses in the dynamic section itself, others (and the vDSO) do not.
std::uintptr_t dynamic_address(const Dso &dso, std::uint64_t value) {
  return value >= dso.low && value < dso.high ? value : dso.bias + value;
}

void set_dynamic(Dso &dso, const Elf64_Dyn &entry, std::uint64_t &soname, bool &has_soname) {
  switch (entry.d_tag) {
  case DT_SYMTAB: dso.symbols = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_STRTAB: dso.strings = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_STRSZ: dso.strings_size = entry.d_un.d_val; break;
  case DT_GNU_HASH: dso.gnu_hash = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_HASH: dso.sysv_hash = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_VERSYM: dso.versions = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_RELA: dso.relocations = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_RELASZ: dso.relocations_size = entry.d_un.d_val; break;
  case DT_JMPREL: dso.plt_relocations = dynamic_address(dso, entry.d_un.d_ptr); break;
  case DT_PLTRELSZ: dso.plt_relocations_size = entry.d_un.d_val; break;
  case DT_SYMBOLIC: dso.symbolic = true; break;
  case DT_FLAGS:
    dso.symbolic = dso.symbolic || (entry.d_un.d_val & DF_SYMBOLIC);
    dso.static_tls = entry.d_un.d_val & DF_STATIC_TLS;
    break;
  case DT_SONAME:
    soname = entry.d_un.d_val;
    has_soname = true;
    break;
  }
}

// Reads the string at `address` into the arena; nullptr if it cannot be read.
const char *copy_string_at(std::uintptr_t address, bool direct) {
  if (!address)
    return nullptr;
  if (direct) {
    const char *text = reinterpret_cast<const char *>(address);
    return list->arena.copy_string(text, std::strlen(text));
  }
  // Page by page: the string may end just before an unmapped page.
  char buffer[kMaxPath];
  std::size_t size = 0;
  while (size < sizeof buffer) {
    std::size_t piece = 256 - (address + size) % 256;
    piece = piece < sizeof buffer - size ? piece : sizeof buffer - size;
    if (!read_memory(address + size, buffer + size, piece))
      return nullptr;
    if (const void *nul = std::memchr(buffer + size, 0, piece))
      return list->arena.copy_string(buffer, static_cast<std::size_t>(static_cast<const char *>(nul) - buffer));
    size += piece;
  }
  return nullptr;
}

bool read_dynamic_section(Dso &dso) {
  std::uint64_t soname = 0;
  bool has_soname = false;
  for (std::size_t i = 0; i < 4096; ++i) {
    Elf64_Dyn entry;
    if (!dso.read(dso.dynamic + i * sizeof entry, entry))
      return false;
    if (entry.d_tag == DT_NULL)
      break;
    set_dynamic(dso, entry, soname, has_soname);
  }
  if (has_soname && dso.strings && soname < dso.strings_size)
    dso.soname = copy_string_at(dso.strings + soname, dso.direct);
  return true;
}

// Fills `dso` from the ELF header at its first segment, which linkers place in front of the program headers.
bool read_headers(Dso &dso, std::uintptr_t header_address) {
  Elf64_Ehdr header;
  if (!read_memory(header_address, &header, sizeof header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > 512)
    return false;
  std::size_t bytes = header.e_phnum * sizeof(Elf64_Phdr);
  auto *copy = static_cast<Elf64_Phdr *>(list->arena.allocate(bytes));
  if (!copy || !read_memory(header_address + header.e_phoff, copy, bytes))
    return false;
  dso.phdrs = copy;
  dso.phdr_count = header.e_phnum;
  if (dso.main_program)
    dso.bias = getauxval(AT_ENTRY) - header.e_entry;
  dso.position_dependent = header.e_type == ET_EXEC;
  find_extent(dso);
  for (std::size_t i = 0; i < dso.phdr_count; ++i)
    if (dso.phdrs[i].p_type == PT_DYNAMIC)
      dso.dynamic = dso.bias + dso.phdrs[i].p_vaddr;
  return !dso.dynamic || read_dynamic_section(dso);
}

bool add_main_program(Message &why) {
  auto *dso = static_cast<Dso *>(list->arena.allocate(sizeof(Dso)));
  if (!dso || !list->all.push_back(dso))
    return out_of_memory(why);
  char path[kMaxPath];
  long length = sys::call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path);
  dso->path = length > 0 ? list->arena.copy_string(path, static_cast<std::size_t>(length)) : nullptr;
  if (!dso->path)
    dso->path = "/proc/self/exe";
  dso->main_program = dso->startup = dso->direct = true;
  // The program headers follow the ELF header in every program that the usual linkers make.
  if (!read_headers(*dso, getauxval(AT_PHDR) - sizeof(Elf64_Ehdr))) {
    list->all.pop_back();
    why << "cannot read the program's own ELF header in memory";
    return false;
  }
  for (std::uintptr_t at = dso->dynamic; at; at += sizeof(Elf64_Dyn)) {
    const auto *entry = reinterpret_cast<const Elf64_Dyn *>(at);
    if (entry->d_tag == DT_NULL)
      break;
    if (entry->d_tag == DT_DEBUG)
      list->debug = reinterpret_cast<const r_debug *>(entry->d_un.d_ptr);
  }
  return true;
}

// False only when memory is out; an object that cannot be read is no image (it may just be going).
bool add_object(std::uintptr_t link_map_address, const link_map &map) {
  auto *dso = static_cast<Dso *>(list->arena.allocate(sizeof(Dso)));
  if (!dso)
    return false;
  dso->link_map = link_map_address;
  dso->bias = map.l_addr;
  dso->seen = true;
  dso->path = copy_string_at(reinterpret_cast<std::uintptr_t>(map.l_name), false);
  if (!dso->path)
    dso->path = "?";
  if (!read_headers(*dso, map.l_addr)) {
    dso->phdr_count = 0; // kept in the list, so that it is not read again at every refresh
    dso->low = dso->high = map.l_addr;
  }
  return list->all.push_back(dso) != nullptr;
}

const char *base_name(const char *path) {
  const char *slash = std::strrchr(path, '/');
  return slash ? slash + 1 : path;
}

bool is_called(const Dso &dso, const char *needed) {
  if (std::strchr(needed, '/'))
    return std::strcmp(dso.path, needed) == 0;
  return (dso.soname && std::strcmp(dso.soname, needed) == 0) || std::strcmp(base_name(dso.path), needed) == 0;
}

// Calls `visit(Dso &)` for every present object that `dso` names in DT_NEEDED.
template <typename Visit> void for_each_needed(const Dso &dso, Visit visit) {
  for (std::size_t i = 0; dso.dynamic && i < 4096; ++i) {
    Elf64_Dyn entry;
    if (!dso.read(dso.dynamic + i * sizeof entry, entry) || entry.d_tag == DT_NULL)
      return;
    if (entry.d_tag != DT_NEEDED || entry.d_un.d_val >= dso.strings_size)
      continue;
    char name[512];
    std::size_t room = dso.strings_size - entry.d_un.d_val;
    if (!dso.read(dso.strings + entry.d_un.d_val, name, room < sizeof name ? room : sizeof name))
      continue;
    name[sizeof name - 1] = '\0';
    for (Dso *candidate : list->all)
      if (!candidate->gone && is_called(*candidate, name)) {
        visit(*candidate);
        break;
      }
  }
}

// `dso` and what it needs, breadth first, as the dynamic linker builds a search list.
bool search_list(Dso &dso, Vec<Dso *> &found) {
  if (!found.push_back(&dso))
    return false;
  bool complete = true;
  for (std::size_t i = 0; i < found.size(); ++i)
    for_each_needed(*found[i], [&](Dso &needed) {
      for (const Dso *seen : found)
        if (seen == &needed)
          return;
      complete = complete && found.push_back(&needed);
    });
  return complete;
}

bool mark_startup_objects() {
  Arena scratch;
  Vec<Dso *> needed(scratch);
  if (!search_list(*list->all[0], needed))
    return false;
  std::size_t last = 0;
  for (std::size_t i = 0; i < list->all.size(); ++i)
    for (const Dso *candidate : needed)
      if (candidate == list->all[i])
        last = i;
  for (std::size_t i = 0; i <= last; ++i)
    list->all[i]->startup = list->all[i]->direct = true;
  return true;
}

// One walk over the link map: adds what is new and marks what it met as seen.
bool walk_link_map(Message &why, bool &changed_meanwhile) {
  changed_meanwhile = false;
  std::size_t before = list->all.size();
  for (Dso *dso : list->all)
    dso->seen = false;
  std::uintptr_t next = reinterpret_cast<std::uintptr_t>(list->debug->r_map);
  for (std::size_t i = 0; next && i < kMaxObjects; ++i) {
    link_map map;
    if (!read_memory(next, &map, sizeof map)) {
      changed_meanwhile = true;
      return true;
    }
    bool known = i == 0;
    if (i == 0)
      list->all[0]->link_map = next;
    for (std::size_t j = 0; j < before && !known; ++j) {
      Dso &dso = *list->all[j];
      known = !dso.gone && dso.link_map == next && dso.bias == map.l_addr &&
              (dso.dynamic == reinterpret_cast<std::uintptr_t>(map.l_ld) || dso.phdr_count == 0);
      dso.seen = dso.seen || known;
    }
    if (!known && !add_object(next, map))
      return out_of_memory(why);
    next = reinterpret_cast<std::uintptr_t>(map.l_next);
  }
  return true;
}

bool is_consistent() {
  // Acquire: the link map that the dynamic linker wrote before it said RT_CONSISTENT.
  return __atomic_load_n(&list->debug->r_state, __ATOMIC_ACQUIRE) == r_debug::RT_CONSISTENT;
}

} // namespace

std::size_t dso_count() { return list ? list->all.size() : 0; }
Dso &dso_at(std::size_t index) { return *list->all[index]; }

Dso *dso_of_link_map(std::uintptr_t link_map) {
  for (std::size_t i = 0; i < dso_count(); ++i)
    if (!list->all[i]->gone && list->all[i]->link_map == link_map)
      return list->all[i];
  return nullptr;
}

namespace {
bool refresh(Message &why, int attempts) {
  if (!make_list(why))
    return false;
  bool first = list->all.empty();
  if (first && !add_main_program(why))
    return false;
  if (!list->debug)
    return true;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt) {
      timespec pause = {0, 1000000};
      sys::call(SYS_nanosleep, &pause, nullptr);
    }
    bool changed = true;
    if (is_consistent() && !walk_link_map(why, changed))
      return false;
    if (!changed && is_consistent()) {
      for (Dso *dso : list->all)
        dso->gone = dso->gone || (!dso->seen && !dso->startup);
      return !first || mark_startup_objects() || out_of_memory(why);
    }
  }
  why << "the dynamic linker is busy (dlopen or dlclose on another thread): try again";
  return false;
}
} // namespace

bool refresh_dsos(Message &why) { return refresh(why, kBusyAttempts); }

bool refresh_dsos_now() {
  Message ignored;
  return refresh(ignored, 1);
}

bool find_in_scope(const Dso &dso, const char *name, DsoSymbol &found) {
  if (dso.symbolic && find_dynamic_symbol(dso, name, found))
    return true;
  for (const Dso *candidate : list->all)
    if (candidate->startup && find_dynamic_symbol(*candidate, name, found))
      return true;
  if (dso.startup)
    return false;
  Arena scratch;
  Vec<Dso *> local(scratch);
  if (!search_list(const_cast<Dso &>(dso), local))
    return false;
  for (const Dso *candidate : local)
    if (!candidate->startup && find_dynamic_symbol(*candidate, name, found))
      return true;
  return false;
}

} // namespace wfp
