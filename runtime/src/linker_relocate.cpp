// Fills in the fields that relocations name, in the buffers that will be mapped.  All addresses are final here.
#include "runtime/arch/x86_64/relocation.h"
#include "runtime/src/linker.h"

#include <cstring>

namespace wfp {

namespace {

Message &say_where(LinkFile &file, const Elf64_Rela &row, const char *section) {
  return static_cast<Message &>(file.refuse() << "relocation " << arch::relocation_name(ELF64_R_TYPE(row.r_info))
                                              << " against " << symbol_label(file, ELF64_R_SYM(row.r_info))
                                              << " in section " << section);
}

std::uintptr_t stub_address(const ImageLink &link, std::uint32_t stub) {
  return link.code.address + link.stubs_offset + std::uint64_t{stub} * arch::kStubBytes;
}

bool is_thread_local(const SymbolValue &value) { return value.kind == SymbolValue::Kind::kThreadLocal; }

// The value to store, before its range is checked.
bool evaluate(LinkFile &file, ImageLink &link, const Elf64_Rela &row, const arch::RelocationKind &kind,
              const char *section, std::uintptr_t address, std::int64_t &result) {
  std::uint32_t symbol = ELF64_R_SYM(row.r_info);
  const SymbolValue value = final_value(file, link.values[symbol]);
  auto relative = [&](std::uintptr_t target) {
    result = static_cast<std::int64_t>(target + static_cast<std::uint64_t>(row.r_addend) - address);
    return true;
  };
  auto offset = [&](std::uint64_t base) {
    result = static_cast<std::int64_t>(base + static_cast<std::uint64_t>(row.r_addend));
    return true;
  };
  auto needs_tls = [&](bool known) {
    if (is_thread_local(value) && known)
      return true;
    say_where(file, row, section) << (is_thread_local(value) ? ": this thread-local has no such place in this process"
                                                             : ": not a thread-local variable");
    return false;
  };
  bool tls_expression = kind.expression >= arch::Expression::kGotTlsModule &&
                        kind.expression <= arch::Expression::kModuleOffset;
  if (is_thread_local(value) && !tls_expression) {
    say_where(file, row, section) << ": a thread-local variable has no address";
    return false;
  }
  switch (kind.expression) {
  case arch::Expression::kNothing:
    result = 0;
    return true;
  case arch::Expression::kAbsolute:
    return offset(address_of(file, value));
  case arch::Expression::kRelative:
    return relative(address_of(file, value));
  case arch::Expression::kBranch:
    return relative(link.stubs[symbol] == kNoIndex ? address_of(file, value) : stub_address(link, link.stubs[symbol]));
  case arch::Expression::kGotSlot:
    return relative(slot_address(link, link.address_slots[symbol]));
  case arch::Expression::kGotTlsLocal:
    return relative(slot_address(link, link.local_module_slot));
  case arch::Expression::kGotTlsModule:
    return needs_tls(value.module != 0) && relative(slot_address(link, link.module_slots[symbol]));
  case arch::Expression::kGotTlsOffset:
    return needs_tls(value.has_thread_offset) && relative(slot_address(link, link.thread_offset_slots[symbol]));
  case arch::Expression::kTlsOffset:
    return needs_tls(value.has_thread_offset) && offset(static_cast<std::uint64_t>(value.thread_offset));
  case arch::Expression::kModuleOffset: {
    SymbolValue module; // what the code's TLSLD gives
    return own_module(file, link, module) && needs_tls(value.module == module.module) && offset(value.address);
  }
  case arch::Expression::kSize:
    return offset(value.size);
  }
  return false;
}

void write_slot(ImageLink &link, std::uint32_t slot, std::uint64_t value) {
  std::memcpy(link.constants.bytes + link.slots_offset + std::uint64_t{slot} * arch::kSlotBytes, &value, sizeof value);
}

bool write_slots(LinkFile &file, ImageLink &link) {
  for (std::size_t i = 0; i < file.reader.symbols().size(); ++i) {
    if (link.address_slots[i] == kNoIndex && link.thread_offset_slots[i] == kNoIndex && link.module_slots[i] == kNoIndex)
      continue;
    const SymbolValue value = final_value(file, link.values[i]);
    if (link.address_slots[i] != kNoIndex)
      write_slot(link, link.address_slots[i], address_of(file, value));
    if (link.thread_offset_slots[i] != kNoIndex)
      write_slot(link, link.thread_offset_slots[i], static_cast<std::uint64_t>(value.thread_offset));
    if (link.module_slots[i] != kNoIndex) { // tls_index: module, offset
      write_slot(link, link.module_slots[i], value.module);
      write_slot(link, link.module_slots[i] + 1, value.address);
    }
  }
  if (link.local_module_slot == kNoIndex)
    return true;
  SymbolValue module;
  if (!own_module(file, link, module))
    return false;
  write_slot(link, link.local_module_slot, module.module);
  return true;
}

bool write_stubs(LinkFile &file, ImageLink &link) {
  for (std::size_t i = 0; i < file.reader.symbols().size(); ++i) {
    if (link.stubs[i] == kNoIndex)
      continue;
    std::uint8_t *place = link.code.bytes + link.stubs_offset + std::uint64_t{link.stubs[i]} * arch::kStubBytes;
    if (!arch::encode_stub(stub_address(link, link.stubs[i]), slot_address(link, link.address_slots[i]), place)) {
      file.refuse() << "a stub for " << symbol_label(file, static_cast<std::uint32_t>(i)) << " cannot reach its slot";
      return false;
    }
  }
  return true;
}

} // namespace

bool apply_relocation(LinkFile &file, ImageLink &link, const Elf64_Rela &row, const char *section, std::uint8_t *place,
                      std::uintptr_t address) {
  const arch::RelocationKind *kind = arch::relocation_kind(ELF64_R_TYPE(row.r_info)); // count_relocation() refused others
  std::int64_t value;
  if (!evaluate(file, link, row, *kind, section, address, value))
    return false;
  if (!arch::fits(kind->field, value)) {
    Message &why = say_where(file, row, section);
    why << ": ";
    why.hex(static_cast<std::uint64_t>(value)) << " does not fit into its field (the symbol is out of reach of new code)";
    return false;
  }
  arch::write_field(kind->field, place, value);
  return true;
}

bool relocate(LinkFile &file, ImageLink &link) {
  if (!write_slots(file, link) || !write_stubs(file, link))
    return false;
  format::Rows<Elf64_Shdr> sections = file.reader.sections();
  for (std::uint32_t i = 0; i < sections.size(); ++i) {
    const SectionPlace &at = link.places[i];
    if (at.area == Area::kNotLoaded || !file.relocations_of[i])
      continue;
    const char *name = file.reader.section_name(sections[i]);
    AreaContent &area = link.area(at.area);
    for (const Elf64_Rela &row : file.reader.relocations(sections[file.relocations_of[i]])) {
      std::size_t width = arch::field_bytes(arch::relocation_kind(ELF64_R_TYPE(row.r_info))->field);
      if (sections[i].sh_type == SHT_NOBITS || width > sections[i].sh_size - row.r_offset) {
        say_where(file, row, name) << " lies outside";
        return false;
      }
      if (!apply_relocation(file, link, row, name, area.bytes + at.offset + row.r_offset,
                            area.address + at.offset + row.r_offset))
        return false;
    }
  }
  return true;
}

} // namespace wfp
