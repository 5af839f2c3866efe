// Shows updates to debuggers: gdb's (and lldb's) JIT interface.
//
// The debugger finds the list `__jit_debug_descriptor` by its name when it attaches, and sets a breakpoint on
// `__jit_debug_register_code` to hear of additions.  Each entry is an object file in memory: for every image a copy of the
// .wfp whose section headers say where the sections are; symbols, lines and unwind tables then work as for any object.
// Sections that the image has not loaded lose SHF_ALLOC, or the debugger would see code at address 0.
//
// Both names are hidden (other JITs in the process have their own, which ours must not preempt); debuggers find them in
// the library's symbol table, so that a stripped runtime shows nothing.  Control thread only.
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {
struct DebuggerEntry { // gdb's jit_code_entry: the layout is theirs
  DebuggerEntry *next;
  DebuggerEntry *previous;
  const std::uint8_t *object;
  std::uint64_t size;
};
} // namespace wfp

extern "C" {
struct JitDescriptor { // gdb's jit_descriptor
  std::uint32_t version;
  std::uint32_t action; // 1: register, 2: unregister
  wfp::DebuggerEntry *relevant;
  wfp::DebuggerEntry *first;
};
__attribute__((visibility("hidden"), used)) JitDescriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};

// A debugger's breakpoint stands here.
__attribute__((visibility("hidden"), used, noinline)) void __jit_debug_register_code() { __asm__ volatile("" ::: "memory"); }
}

namespace wfp {

namespace {

enum Action : std::uint32_t { kRegister = 1, kUnregister = 2 };

void tell(DebuggerEntry *entry, Action action) {
  __jit_debug_descriptor.relevant = entry;
  __jit_debug_descriptor.action = action;
  __jit_debug_register_code();
}

} // namespace

bool show_to_debuggers(LinkFile &file, ImageLink &link, const std::uint8_t *bytes, std::size_t size,
                       DebuggerEntry *&shown) {
  shown = nullptr;
  if (link.code.size == 0)
    return true;
  Arena &arena = file.update->arena;
  auto *copy = static_cast<std::uint8_t *>(arena.allocate(size));
  auto *entry = static_cast<DebuggerEntry *>(arena.allocate(sizeof(DebuggerEntry)));
  if (!copy || !entry) {
    file.refuse() << "no memory to link the update";
    return false;
  }
  std::memcpy(copy, bytes, size);
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  auto *headers = reinterpret_cast<Elf64_Shdr *>(copy + reinterpret_cast<const Elf64_Ehdr *>(bytes)->e_shoff);
  for (std::uint32_t i = 0; i < sections.size(); ++i) {
    if (!(sections[i].sh_flags & SHF_ALLOC))
      continue;
    const SectionPlace &at = link.places[i];
    if (std::strcmp(file.reader.section_name(sections[i]), ".eh_frame") == 0)
      // Its fields are relative: any place within reach of the code will do.
      headers[i].sh_addr = link.constants.address + link.frames_offset;
    else if (at.area == Area::kNotLoaded || at.area == Area::kThreadStorage)
      headers[i].sh_flags &= ~std::uint64_t{SHF_ALLOC};
    else
      headers[i].sh_addr = link.area(at.area).address + at.offset;
  }
  *entry = {__jit_debug_descriptor.first, nullptr, copy, size};
  keep_order();
  __jit_debug_descriptor.first = entry;
  keep_order();
  if (entry->next)
    entry->next->previous = entry;
  tell(entry, kRegister);
  shown = entry;
  return true;
}

void hide_from_debuggers(DebuggerEntry *entry) {
  if (!entry)
    return;
  DebuggerEntry *before = nullptr, **link = &__jit_debug_descriptor.first;
  while (*link && *link != entry)
    before = *link, link = &before->next;
  if (!*link)
    return;
  *link = entry->next;
  if (entry->next)
    entry->next->previous = before;
  tell(entry, kUnregister);
}

} // namespace wfp
