// What a symbol of the .wfp means in an image.
//
// A symbol that the .wfp defines is that definition; wfdiff saw to it that only what the update brings is defined.  An
// undefined one is looked up by the name that OLD has for it:
//
//   1. what earlier updates gave to its unit, newest first         (overlay)
//   2. the records of its unit
//   3. the same for the whole image, what has linkage
//   4. a definition of this update, for another unit of the image
//   5. what the image itself is bound to: GOT entries, copy relocations, canonical PLT entries
//   6. the dynamic scope of the image
//   7. a few names that live in the static part of libc
//
// In a shared object a function or variable that the dynamic symbol table exports may be preempted (or copied into the
// executable): there 5 and 6 go before the record.  Functions are always their original entry, never their current body.
#include "runtime/src/linker.h"

#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/dso.h"

#include <cstdlib>
#include <cstring>
#include <pthread.h>

namespace wfp {

namespace {

std::uint64_t hash_of(const char *name) { return format::name_hash(name, std::strlen(name)); }

// What libc gives only as static code (libc_nonshared.a): the runtime's own copies serve.
std::uintptr_t builtin(const char *name) {
  struct Builtin {
    const char *name;
    std::uintptr_t address;
  } const builtins[] = {
      {"atexit", reinterpret_cast<std::uintptr_t>(&atexit)},
      {"at_quick_exit", reinterpret_cast<std::uintptr_t>(&at_quick_exit)},
      {"pthread_atfork", reinterpret_cast<std::uintptr_t>(&pthread_atfork)},
      {"__pthread_atfork", reinterpret_cast<std::uintptr_t>(&pthread_atfork)},
  };
  for (const Builtin &known : builtins)
    if (std::strcmp(known.name, name) == 0)
      return known.address;
  return 0;
}

struct Lookup {
  LinkFile &file;
  ImageLink &link;
  const format::ManifestImport &import;
  const char *name;
  SymbolValue &value;

  Image &image() const { return *link.image; }
  format::ImportKind kind() const { return static_cast<format::ImportKind>(import.kind); }
};

void set_address(SymbolValue &value, std::uintptr_t address, std::size_t size = 0) {
  value.kind = SymbolValue::Kind::kAddress;
  value.address = address;
  value.size = size;
}

bool refuse(Lookup &lookup, const char *reason) {
  lookup.file.refuse() << reason << ' ' << lookup.name << " (needed by unit " << lookup.file.unit_key(lookup.import.unit)
                       << " in " << lookup.image().path << ')';
  return false;
}

// A thread-local of the image, given as its record has it.
bool set_thread_local(Lookup &lookup, std::int64_t offset, std::size_t size) {
  SymbolValue module;
  if (!own_module(lookup.file, lookup.link, module))
    return false;
  SymbolValue &value = lookup.value;
  value = module;
  value.kind = SymbolValue::Kind::kThreadLocal;
  value.size = size;
  if (offset >= 0) { // bfd: in the module's block
    value.address = static_cast<std::uintptr_t>(offset);
    value.thread_offset = module.thread_offset + offset;
  } else { // lld: from the thread pointer
    if (!module.has_thread_offset)
      return refuse(lookup, "no known thread-local storage for");
    value.thread_offset = offset;
    value.address = static_cast<std::uintptr_t>(offset - module.thread_offset);
  }
  return true;
}

// Whether the dynamic linker may have bound others to another definition than the image's own.
bool may_be_preempted(const Lookup &lookup, std::uint32_t flags) {
  const Dso &dso = *lookup.image().dso;
  if (dso.main_program || dso.symbolic || (flags & (format::kSymbolLocal | format::kSymbolHidden)))
    return false;
  DsoSymbol exported;
  return find_dynamic_symbol(dso, lookup.name, exported);
}

enum class Result { kMissing, kFound, kRefused };

// 5. The image's own relocations.
Result find_binding(Lookup &lookup) {
  const Dso &dso = *lookup.image().dso;
  DsoSymbol canonical;
  // Function pointers to it are this PLT entry everywhere in the process.
  if (dso_count() && find_dynamic_symbol(dso_at(0), lookup.name, canonical) && !canonical.defined) {
    set_address(lookup.value, canonical.address);
    return Result::kFound;
  }
  Result result = Result::kMissing;
  const ImageIndex &index = *lookup.image().index;
  index.binding_names.find(hash_of(lookup.name), [&](std::uint32_t item) {
    const BindingEntry &binding = index.bindings[item];
    if (std::strcmp(binding.text, lookup.name) != 0)
      return false;
    if (binding.type == R_X86_64_COPY) {
      set_address(lookup.value, binding.place, binding.size);
      result = Result::kFound;
      return true;
    }
    std::uintptr_t bound = *reinterpret_cast<const std::uintptr_t *>(binding.place);
    if (binding.type == R_X86_64_TPOFF64) {
      lookup.value.kind = SymbolValue::Kind::kThreadLocal;
      lookup.value.has_thread_offset = true;
      lookup.value.thread_offset = static_cast<std::intptr_t>(bound);
      lookup.value.module = 0; // not known, and not needed by code that reads offsets
      result = Result::kFound;
      return true;
    }
    // Before the first call a JUMP_SLOT leads back into the image's own PLT.
    if (bound == 0 || (binding.type == R_X86_64_JUMP_SLOT && bound >= dso.low && bound < dso.high))
      return false;
    set_address(lookup.value, bound, binding.size);
    result = Result::kFound;
    return true;
  });
  return result;
}

bool is_libc(const Dso &dso) {
  static const char *const kNames[] = {"libc.so.6", "libm.so.6", "libmvec.so.1", "ld-linux-x86-64.so.2"};
  for (const char *name : kNames)
    if (dso.soname && std::strcmp(dso.soname, name) == 0)
      return true;
  return false;
}

// 6. The dynamic linker's rules.
Result find_dynamic(Lookup &lookup) {
  DsoSymbol found;
  if (!find_in_scope(*lookup.image().dso, lookup.name, found))
    return Result::kMissing;
  Dso &dso = const_cast<Dso &>(*found.dso);
  if (!pin_dso(dso, lookup.file.refuse()))
    return Result::kRefused;
  if (found.type == STT_TLS) {
    TlsModule module;
    if (!tls_module_of(dso, module)) {
      refuse(lookup, "no known thread-local storage for");
      return Result::kRefused;
    }
    lookup.value.kind = SymbolValue::Kind::kThreadLocal;
    lookup.value.module = module.id;
    lookup.value.address = found.address;
    lookup.value.has_thread_offset = module.has_thread_offset;
    lookup.value.thread_offset = module.thread_offset + static_cast<std::intptr_t>(found.address);
    lookup.value.size = found.size;
    return Result::kFound;
  }
  if (found.type == STT_GNU_IFUNC) {
    // glibc's own resolvers read the CPU's features and nothing else; what another library's would do on this thread,
    // nobody knows.
    if (!is_libc(dso)) {
      refuse(lookup, "an indirect function (ifunc) that the image has not bound yet:");
      return Result::kRefused;
    }
    found.address = reinterpret_cast<std::uintptr_t (*)()>(found.address)();
  }
  set_address(lookup.value, found.address, found.size);
  return Result::kFound;
}

Result find_beyond_image(Lookup &lookup) {
  Result result = find_binding(lookup);
  return result == Result::kMissing ? find_dynamic(lookup) : result;
}

// A definition of the image: its address, unless the dynamic linker prefers another one.
Result take_definition(Lookup &lookup, std::uintptr_t address, std::uint32_t flags, std::size_t size) {
  if (may_be_preempted(lookup, flags)) {
    Result result = find_beyond_image(lookup);
    if (result != Result::kMissing)
      return result;
  }
  set_address(lookup.value, address, size);
  return Result::kFound;
}

// What an entered update has brought under this name; nullptr if none did, and `hash` is then what the records call it.  Each update, newest first,
// leads from a name in its NEW to one in its OLD, once: two may have been exchanged.
template <typename InScope>
const OverlayName *find_in_overlay(const ImageIndex &index, std::uint64_t &hash, InScope in_scope) {
  const LinkedUpdate *followed = nullptr;
  for (std::size_t i = index.names.size(); i-- > 0;) {
    const OverlayName &name = index.names[i];
    if (name.owner == followed || name.name != hash || !in_scope(name))
      continue;
    if (name.address)
      return &name;
    hash = name.old_name;
    followed = name.owner;
  }
  return nullptr;
}

// 1 and 2, or 3 when `unit` is kNoIndex.
Result find_in_image(Lookup &lookup, std::uint32_t unit, std::uint64_t hash) {
  const ImageIndex &index = *lookup.image().index;
  const OverlayName *brought = find_in_overlay(index, hash, [&](const OverlayName &name) {
    return unit == kNoIndex ? (name.flags & format::kSymbolLocal) == 0 : name.unit == unit;
  });
  if (brought) {
    if (brought->kind == static_cast<std::uint32_t>(format::ImportKind::kThreadLocal))
      set_pooled(lookup.link, static_cast<std::intptr_t>(brought->address), lookup.value);
    else
      set_address(lookup.value, brought->address, brought->size);
    return Result::kFound;
  }
  bool wants_address = lookup.kind() != format::ImportKind::kThreadLocal;
  bool wants_thread_local = lookup.kind() == format::ImportKind::kThreadLocal || lookup.kind() == format::ImportKind::kUnknown;
  // The linker drops a unit's weak definition for another unit's strong one.
  auto may_be_overridden = [&](const auto *record) {
    return unit != kNoIndex && record && (record->flags & (format::kSymbolWeak | format::kSymbolLocal)) == format::kSymbolWeak;
  };
  if (wants_address) {
    const RecordEntry *record = unit == kNoIndex ? nullptr : index.function(hash, unit);
    if (unit == kNoIndex || may_be_overridden(record))
      record = index.global_function(hash);
    if (!record) {
      record = unit == kNoIndex ? nullptr : index.variable(hash, unit);
      if (unit == kNoIndex || may_be_overridden(record))
        record = index.global_variable(hash);
    }
    if (record)
      return take_definition(lookup, record->address, record->flags, record->size);
  }
  if (wants_thread_local) {
    const ThreadLocalEntry *record = unit == kNoIndex ? nullptr : index.thread_local_variable(hash, unit);
    if (unit == kNoIndex || may_be_overridden(record))
      record = index.global_thread_local(hash);
    if (record)
      return set_thread_local(lookup, record->offset, record->size) ? Result::kFound : Result::kRefused;
  }
  return Result::kMissing;
}

// 4. Two units of the update define it, one for each of two images, say.
Result find_in_update(Lookup &lookup) {
  const format::UpdateReader &reader = lookup.file.reader;
  for (const format::ManifestDefinition &row : reader.definitions()) {
    if (row.symbol == format::kNone || (row.flags & format::kSymbolLocal) ||
        std::strcmp(reader.string(row.name), lookup.name) != 0)
      continue;
    const Elf64_Sym &symbol = reader.symbols()[row.symbol];
    if (symbol.st_shndx == SHN_ABS || lookup.link.places[symbol.st_shndx].area == Area::kNotLoaded)
      continue;
    lookup.value.kind = SymbolValue::Kind::kSection;
    lookup.value.section = symbol.st_shndx;
    lookup.value.image_link = lookup.link.index;
    lookup.value.address = symbol.st_value;
    lookup.value.size = symbol.st_size;
    return Result::kFound;
  }
  return Result::kMissing;
}

bool resolve_import(Lookup &lookup) {
  std::uint32_t flags = lookup.import.flags;
  std::uint32_t unit = lookup.link.unit_of[lookup.import.unit];
  if (std::strcmp(lookup.name, format::kImageStateSymbol) == 0 && lookup.image().state) {
    set_address(lookup.value, reinterpret_cast<std::uintptr_t>(lookup.image().state), sizeof(format::ImageState));
    return true;
  }
  if (std::strcmp(lookup.name, "__dso_handle") == 0) {
    // It tells __cxa_atexit() when to run destructors.  Hidden, so it must be near; and an update stays till the end, so
    // it has one of its own, which nobody ever finalises but exit().
    if (lookup.link.handle_slot == kNoIndex)
      lookup.link.handle_slot = lookup.link.slot_count++;
    lookup.value.kind = SymbolValue::Kind::kOwnHandle;
    lookup.value.image_link = lookup.link.index;
    return true;
  }
  std::uint64_t hash = hash_of(lookup.name);
  Result result = unit == kNoIndex ? Result::kMissing : find_in_image(lookup, unit, hash);
  if (result == Result::kMissing && !(flags & format::kImportLocal))
    result = find_in_image(lookup, kNoIndex, hash);
  if (result == Result::kMissing && !(flags & format::kImportLocal))
    result = find_in_update(lookup);
  if (result == Result::kMissing && !(flags & (format::kImportLocal | format::kImportHidden)))
    result = find_beyond_image(lookup);
  if (result == Result::kMissing && !(flags & format::kImportLocal))
    if (std::uintptr_t address = builtin(lookup.name)) {
      set_address(lookup.value, address);
      return true;
    }
  if (result == Result::kMissing && (flags & format::kImportWeak)) {
    set_address(lookup.value, 0);
    return true;
  }
  if (result == Result::kMissing)
    return refuse(lookup, "undefined symbol");
  return result == Result::kFound;
}

bool resolve_defined(LinkFile &file, ImageLink &link, std::uint32_t index) {
  const Elf64_Sym &symbol = file.reader.symbols()[index];
  SymbolValue &value = link.values[index];
  value.size = symbol.st_size;
  value.address = symbol.st_value;
  if (symbol.st_shndx == SHN_ABS) {
    value.kind = SymbolValue::Kind::kAddress;
    return true;
  }
  value.kind = SymbolValue::Kind::kSection;
  value.section = symbol.st_shndx;
  if (link.places[symbol.st_shndx].area != Area::kNotLoaded) {
    value.image_link = link.index;
    return true;
  }
  std::uint32_t holders = 0;
  for (const ImageLink *other : file.images)
    if (other->places[symbol.st_shndx].area != Area::kNotLoaded) {
      value.image_link = other->index;
      ++holders;
    }
  if (holders == 1)
    return true;
  Message &why = file.refuse();
  std::uint32_t unit = file.unit_of_section[symbol.st_shndx];
  why << link.image->path << " needs " << symbol_label(file, index);
  if (unit == kNoIndex)
    why << " in section " << file.reader.section_name(file.reader.sections()[symbol.st_shndx]) << ", which belongs to no unit";
  else
    why << " of unit " << file.unit_key(unit) << (holders ? ", which several images of this process have" :
                                                              ", which this process does not have");
  return false;
}

} // namespace

const char *symbol_label(const LinkFile &file, std::uint32_t symbol) {
  const Elf64_Sym &row = file.reader.symbols()[symbol];
  const char *name = file.reader.symbol_name(row);
  if (*name)
    return name;
  return row.st_shndx < file.reader.sections().size() ? file.reader.section_name(file.reader.sections()[row.st_shndx])
                                                      : "(unnamed)";
}

bool find_own_module(const ImageLink &link, SymbolValue &value) {
  const Dso &dso = *link.image->dso;
  value.kind = SymbolValue::Kind::kThreadLocal;
  TlsModule module;
  if (tls_module_of(dso, module)) {
    value.module = module.id;
    value.thread_offset = module.thread_offset;
    value.has_thread_offset = module.has_thread_offset;
    return true;
  }
  // A dlopened image that accesses its own thread-locals has its module number in its GOT.
  const auto *rows = reinterpret_cast<const Elf64_Rela *>(dso.relocations);
  for (std::size_t i = 0; rows && i < dso.relocations_size / sizeof(Elf64_Rela); ++i) {
    std::uintptr_t place = dso.bias + rows[i].r_offset;
    if (ELF64_R_TYPE(rows[i].r_info) != R_X86_64_DTPMOD64 || place < dso.low || place >= dso.high)
      continue;
    const auto &symbol = reinterpret_cast<const Elf64_Sym *>(dso.symbols)[ELF64_R_SYM(rows[i].r_info)];
    if (ELF64_R_SYM(rows[i].r_info) != 0 && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL)
      continue;
    value.module = *reinterpret_cast<const std::size_t *>(place);
    value.has_thread_offset = false;
    return true;
  }
  return false;
}

bool own_module(LinkFile &file, const ImageLink &link, SymbolValue &value) {
  if (find_own_module(link, value))
    return true;
  // An image without thread-locals gets its first ones in the pool, which is the runtime's.
  TlsModule pool;
  std::intptr_t first;
  if (thread_pool(pool, first)) {
    value.module = pool.id;
    value.thread_offset = pool.thread_offset;
    value.has_thread_offset = true;
    return true;
  }
  file.refuse() << link.image->path << ": the module number of its thread-local storage is not known";
  return false;
}

void set_pooled(const ImageLink &link, std::intptr_t thread_offset, SymbolValue &value) {
  SymbolValue module;
  TlsModule pool = {};
  std::intptr_t first;
  // Where the image's own block has a fixed place, new variables can be counted from there like its own: then all access
  // models work.  Else from the block that the pool lies in.
  if (!find_own_module(link, module) || !module.has_thread_offset) {
    (void)thread_pool(pool, first); // there is one: it has given out `thread_offset`
    module.module = pool.id;
    module.thread_offset = pool.thread_offset;
  }
  value.kind = SymbolValue::Kind::kThreadLocal;
  value.module = module.module;
  value.has_thread_offset = true;
  value.thread_offset = thread_offset;
  value.address = static_cast<std::uintptr_t>(thread_offset - module.thread_offset);
}

SymbolValue final_value(const LinkFile &file, const SymbolValue &value) {
  if (value.kind != SymbolValue::Kind::kSection)
    return value;
  ImageLink &holder = *file.images[value.image_link];
  const SectionPlace &at = holder.places[value.section];
  if (at.area != Area::kThreadStorage)
    return value;
  SymbolValue pooled = value;
  set_pooled(holder, static_cast<std::intptr_t>(holder.thread_storage.address + at.offset + value.address), pooled);
  return pooled;
}

bool resolve_symbol(LinkFile &file, ImageLink &link, std::uint32_t symbol) {
  SymbolValue &value = link.values[symbol];
  if (value.kind != SymbolValue::Kind::kUnresolved)
    return true;
  if (symbol == 0) {
    value.kind = SymbolValue::Kind::kAddress;
    return true;
  }
  if (file.reader.symbols()[symbol].st_shndx != SHN_UNDEF)
    return resolve_defined(file, link, symbol);
  std::uint32_t import = file.import_of_symbol[symbol];
  if (import == kNoIndex) {
    file.refuse() << "damaged: symbol " << symbol_label(file, symbol) << " is undefined and not an import";
    return false;
  }
  return resolve_name(file, link, file.reader.imports()[import], value);
}

bool resolve_name(LinkFile &file, ImageLink &link, const format::ManifestImport &import, SymbolValue &value) {
  Lookup lookup = {file, link, import, file.reader.string(import.name), value};
  return resolve_import(lookup);
}

std::uintptr_t slot_address(const ImageLink &link, std::uint32_t slot) {
  return link.constants.address + link.slots_offset + std::uint64_t{slot} * arch::kSlotBytes;
}

std::uintptr_t address_of(const LinkFile &file, const SymbolValue &value) {
  if (value.kind == SymbolValue::Kind::kOwnHandle)
    return slot_address(*file.images[value.image_link], file.images[value.image_link]->handle_slot);
  if (value.kind != SymbolValue::Kind::kSection)
    return value.address;
  ImageLink &holder = *const_cast<ImageLink *>(file.images[value.image_link]);
  const SectionPlace &at = holder.places[value.section];
  return holder.area(at.area).address + at.offset + value.address;
}

bool find_function(const Image &image, std::uint32_t unit, const char *name, bool whole_image, FoundFunction &found) {
  const ImageIndex &index = *image.index;
  std::uint64_t hash = hash_of(name);
  if (const OverlayName *brought =
          find_in_overlay(index, hash, [&](const OverlayName &name) { return whole_image || name.unit == unit; })) {
    found = {brought->address, brought->flags, true};
    return true;
  }
  const RecordEntry *record = unit == kNoIndex ? nullptr : index.function(hash, unit);
  if (!record && whole_image)
    record = index.global_function(hash);
  if (!record)
    return false;
  found = {record->address, record->flags, false};
  return true;
}

std::uintptr_t sled_of(const FoundFunction &function) {
  return function.entry + format::sled_offset(function.flags);
}

std::uintptr_t current_body(const Image &image, const FoundFunction &function) {
  const ImageIndex &index = *image.index;
  for (std::size_t i = index.bodies.size(); i-- > 0;)
    if (index.bodies[i].sled == sled_of(function))
      return index.bodies[i].body;
  return function.entry;
}

} // namespace wfp
