// The ELF objects of this process, seen as a debugger sees them: through the dynamic linker's link map (r_debug), program
// headers and dynamic sections, without its locks and without dlsym, dlopen or dl_iterate_phdr, which take them.
//
// Objects that the program was started with are never unmapped by glibc, so they are read directly.  One that was
// dlopened may vanish while it is read: it is read with read_memory, which fails instead of faulting, until it has
// been pinned (image.h).
// Control thread only (or before it exists), except where said.
#pragma once

#include "runtime/src/base/arena.h"
#include "runtime/src/base/text.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>

namespace wfp {

struct Dso {
  const char *path;        // as the link map has it; of the main program what /proc/self/exe leads to
  std::uintptr_t link_map; // 0: a static program, which has none
  std::uintptr_t bias;
  std::uintptr_t low, high; // first and one-past-last byte of its segments
  const Elf64_Phdr *phdrs;  // a copy
  std::size_t phdr_count;
  bool main_program;
  bool position_dependent;
  bool direct; // cannot be unmapped any more: may be read without read_memory
  bool startup;
  bool gone;
  bool seen; // by the walk that is going on
  bool examined; // whether it is an image (image.cpp)

  // From the dynamic section; addresses in memory, 0 if it has none.
  std::uintptr_t dynamic;
  std::uintptr_t symbols, strings, gnu_hash, sysv_hash, versions;
  std::uintptr_t relocations, plt_relocations;
  std::size_t strings_size, relocations_size, plt_relocations_size;
  const char *soname; // a copy, or nullptr
  bool symbolic;
  bool static_tls; // DF_STATIC_TLS

  [[nodiscard]] bool read(std::uintptr_t address, void *to, std::size_t bytes) const;
  template <typename T> [[nodiscard]] bool read(std::uintptr_t address, T &to) const {
    return read(address, &to, sizeof to);
  }
};

// Brings the list below up to date.  False when the dynamic linker stays busy or memory is out.
[[nodiscard]] bool refresh_dsos(Message &why);
// The same without waiting for a dynamic linker that is busy: then false.
[[nodiscard]] bool refresh_dsos_now();
// In the order of the link map: the main program first.  Objects that have gone stay in the list, marked.
std::size_t dso_count();
Dso &dso_at(std::size_t index);
Dso *dso_of_link_map(std::uintptr_t link_map); // present ones only

struct DsoSymbol {
  const Dso *dso;
  std::uintptr_t address; // of STT_TLS: offset in the module's block
  std::size_t size;
  std::uint8_t type; // STT_*
  bool defined;      // false: the canonical PLT entry of an executable
};

// The default version of `name` in `dso`'s dynamic symbol table, as dlsym() with its handle alone would find it.
[[nodiscard]] bool find_dynamic_symbol(const Dso &dso, const char *name, DsoSymbol &found);
// As the dynamic linker would for a reference in `dso`: the program's global scope, then, for a dlopened object, itself
// and what it needs (RTLD_LOCAL modules exist).
[[nodiscard]] bool find_in_scope(const Dso &dso, const char *name, DsoSymbol &found);

// Thread-local storage of the objects that the program was started with.  `capture_tls_modules` runs on the thread that
// initialises the runtime, before the control thread exists: it uses dl_iterate_phdr.
void capture_tls_modules();
struct TlsModule {
  std::size_t id;
  std::intptr_t thread_offset; // of the module's block from the thread pointer (< 0)
  bool has_thread_offset;      // false: dynamic thread-local storage, only reachable through __tls_get_addr
};
[[nodiscard]] bool tls_module_of(const Dso &dso, TlsModule &module);

// Thread-local storage for variables that updates bring: bytes that every thread has, zero until an update uses them.
// `module` is the one that holds the pool, `first` the pool's offset from the thread pointer.
inline constexpr std::size_t kThreadPoolBytes = 1024;
[[nodiscard]] bool thread_pool(TlsModule &module, std::intptr_t &first);
// An offset from the thread pointer (never 0), aligned to 64; 0 if the pool has not so much left.
std::intptr_t take_thread_storage(std::size_t bytes);
// Gives back what was taken last.
void return_thread_storage(std::intptr_t offset, std::size_t bytes);

} // namespace wfp
