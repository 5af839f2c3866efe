// A unit's debug information is copied whole: DWARF is one graph of offsets, and cutting functions out of it would mean
// rewriting it.  Sections of one name are concatenated over the units, as a linker does; offsets from one debug section
// into another are relocated, so that they move along.  What describes code and data that the update does not hold gets
// the address that lld gives to discarded sections: all ones, which consumers know to skip; 1 in the DWARF 4 lists, where
// all ones means something else.
//
// Indices over all units (.debug_names, .debug_gnu_pub*) are left out: they only make searches faster.
#include "diff-tool/debug_info.h"

#include "diff-tool/resolve.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/Decompressor.h"
#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

using namespace llvm;
using namespace llvm::object;

namespace wfdiff {

static bool isWanted(StringRef Name) {
  return Name.starts_with(".debug_") && Name != ".debug_names" && !Name.starts_with(".debug_gnu_pub");
}

Error DebugInfoWriter::add(const Object &New, function_ref<std::optional<Placed>(uint32_t)> Find) {
  // The reader keeps relocations of allocated sections only; it has checked the file's headers.
  Expected<ELFFile<ELF64LE>> Elf64 = ELFFile<ELF64LE>::create(New.Buffer->getBuffer());
  if (!Elf64)
    return Elf64.takeError();
  auto Headers = Elf64->sections();
  if (!Headers)
    return Headers.takeError();

  struct Copy {
    uint32_t Section;
    uint64_t Offset, Size;
  };
  std::map<uint32_t, Copy> Copies; // by section of NEW
  for (uint32_t I = 0; I < Headers->size(); ++I) {
    const Section &From = New.Sections[I];
    if (!isWanted(From.Name) || From.Type != ELF::SHT_PROGBITS)
      continue;
    ArrayRef<uint8_t> Bytes = From.Bytes;
    SmallVector<uint8_t, 0> Plain;
    if (From.Flags & ELF::SHF_COMPRESSED) {
      Expected<Decompressor> D = Decompressor::create(From.Name, toStringRef(Bytes), /*IsLE=*/true, /*Is64Bit=*/true);
      if (!D)
        return D.takeError();
      if (Error E = D->resizeAndDecompress(Plain))
        return E;
      Bytes = Plain;
    }
    auto [Found, Fresh] = Sections.try_emplace(From.Name, 0);
    if (Fresh)
      Found->second = Elf.addSection(From.Name, ELF::SHT_PROGBITS, 0, 1, {}, 0);
    Copies[I] = {Found->second, Elf.append(Found->second, Bytes, 1), Bytes.size()};
  }

  for (const auto &H : *Headers) {
    auto Here = Copies.find(H.sh_info);
    if (H.sh_type != ELF::SHT_RELA || Here == Copies.end())
      continue;
    auto Relas = Elf64->relas(H);
    if (!Relas)
      return Relas.takeError();
    StringRef Name = New.Sections[H.sh_info].Name;
    const int64_t Skipped = Name == ".debug_loc" || Name == ".debug_ranges" ? 1 : -1;
    for (const auto &R : *Relas) {
      if (R.getSymbol(false) >= New.Symbols.size() || R.r_offset >= Copies[H.sh_info].Size)
        return createStringError(inconvertibleErrorCode(), "section " + Name + ": relocation out of range");
      const Symbol &Sym = New.Symbols[R.getSymbol(false)];
      uint64_t Offset = Here->second.Offset + R.r_offset;
      uint32_t Type = R.getType(false);
      if (auto Other = Sym.Section == None ? Copies.end() : Copies.find(Sym.Section); Other != Copies.end()) {
        Elf.addRelocation(Here->second.Section, Offset, Type, Elf.sectionSymbol(Other->second.Section),
                          int64_t(Other->second.Offset + Sym.Value) + R.r_addend);
        continue;
      }
      Target T = resolvePlain(New, {R.r_offset, R.r_addend, Type, R.getSymbol(false)});
      if (std::optional<Placed> At = T.Piece == None ? std::nullopt : Find(T.Piece)) {
        Elf.addRelocation(Here->second.Section, Offset, Type, At->Symbol, T.Offset + At->FromSymbol);
        continue;
      }
      if (Nowhere == None)
        Nowhere = Elf.addSymbol({"", ELF::STB_LOCAL, ELF::STT_NOTYPE, 0, ElfWriter::AbsoluteSection, 0, 0});
      // A thread-local's offset relocates against thread-local symbols only: as a plain word, it is as good as nothing.
      bool ThreadLocal = classify(Type) == RelocationClass::DtpOffset64 || classify(Type) == RelocationClass::DtpOffset32;
      uint32_t Plain = classify(Type) == RelocationClass::DtpOffset64 ? uint32_t(ELF::R_X86_64_64) : uint32_t(ELF::R_X86_64_32);
      Elf.addRelocation(Here->second.Section, Offset, ThreadLocal ? Plain : Type, Nowhere,
                        ThreadLocal || fieldSize(Type) == 4 ? 0 : Skipped);
    }
  }
  return Error::success();
}

} // namespace wfdiff
