// Layout of the file: ELF header, the bytes of each section at its alignment, section headers.  Relocation sections follow
// the content sections, then .symtab, .strtab, .shstrtab, so that content sections keep the indices they got when added.
#include "diff-tool/elf_writer.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace llvm;

namespace wfdiff {

namespace {

class StringTable {
public:
  uint32_t add(StringRef S) {
    if (S.empty())
      return 0;
    auto [Found, Fresh] = Offsets.try_emplace(S, Bytes.size());
    if (Fresh) {
      Bytes.insert(Bytes.end(), S.begin(), S.end());
      Bytes.push_back(0);
    }
    return Found->second;
  }
  std::vector<uint8_t> take() { return std::move(Bytes); }

private:
  StringMap<uint32_t> Offsets;
  std::vector<uint8_t> Bytes{0};
};

template <class T> void put(std::vector<uint8_t> &Out, const T &Value) {
  // The host is x86-64 too (CMakeLists.txt sees to it): its structures are the file's.
  const auto *P = reinterpret_cast<const uint8_t *>(&Value);
  Out.insert(Out.end(), P, P + sizeof(T));
}

} // namespace

ElfWriter::ElfWriter() { Sections.emplace_back(); }

uint32_t ElfWriter::addSection(std::string Name, uint32_t Type, uint64_t Flags, uint64_t Align,
                               std::vector<uint8_t> Bytes, uint64_t Size, uint64_t EntrySize) {
  Output S;
  S.Name = std::move(Name);
  S.Type = Type;
  S.Flags = Flags;
  S.Align = Align;
  S.Bytes = std::move(Bytes);
  S.Size = Size;
  S.EntrySize = EntrySize;
  Sections.push_back(std::move(S));
  return Sections.size() - 1;
}

uint64_t ElfWriter::append(uint32_t Section, ArrayRef<uint8_t> Bytes, uint64_t Align) {
  Output &S = Sections[Section];
  uint64_t At = alignTo(S.Size, Align);
  S.Bytes.resize(At);
  S.Bytes.insert(S.Bytes.end(), Bytes.begin(), Bytes.end());
  S.Size = S.Bytes.size();
  S.Align = std::max(S.Align, Align);
  return At;
}

uint32_t ElfWriter::addSymbol(SymbolSpec Spec) {
  Symbols.push_back(std::move(Spec));
  return Symbols.size() - 1;
}

uint32_t ElfWriter::sectionSymbol(uint32_t Section) {
  if (Sections[Section].SectionSymbol == ~0u)
    Sections[Section].SectionSymbol = addSymbol({"", ELF::STB_LOCAL, ELF::STT_SECTION, 0, Section, 0, 0});
  return Sections[Section].SectionSymbol;
}

void ElfWriter::addRelocation(uint32_t Section, uint64_t Offset, uint32_t Type, uint32_t SymbolHandle, int64_t Addend) {
  Sections[Section].Relocations.push_back({Offset, Type, SymbolHandle, Addend});
}

void ElfWriter::assignIndices() {
  IndexOf.resize(Symbols.size());
  uint32_t Next = 1;
  for (bool Local : {true, false}) {
    for (uint32_t I = 0; I < Symbols.size(); ++I)
      if ((Symbols[I].Binding == ELF::STB_LOCAL) == Local)
        IndexOf[I] = Next++;
    if (Local)
      LocalCount = Next;
  }
}

Expected<std::vector<uint8_t>> ElfWriter::finish() {
  const uint32_t Content = Sections.size();
  const uint32_t Relocated = count_if(Sections, [](const Output &S) { return !S.Relocations.empty(); });
  const uint32_t Symtab = Content + Relocated, Strtab = Symtab + 1, Shstrtab = Symtab + 2;
  if (Shstrtab + 1 >= ELF::SHN_LORESERVE)
    return createStringError(inconvertibleErrorCode(),
                             "the update has " + Twine(Shstrtab + 1) + " sections, more than ELF can count");
  for (uint32_t I = 1; I < Content; ++I) {
    if (Sections[I].Relocations.empty())
      continue;
    std::vector<uint8_t> Bytes;
    for (const Rela &R : Sections[I].Relocations) {
      ELF::Elf64_Rela Out;
      Out.r_offset = R.Offset;
      Out.setSymbolAndType(IndexOf[R.Symbol], R.Type);
      Out.r_addend = R.Addend;
      put(Bytes, Out);
    }
    uint64_t Size = Bytes.size();
    uint32_t Index = addSection(".rela" + Sections[I].Name, ELF::SHT_RELA, ELF::SHF_INFO_LINK, 8, std::move(Bytes), Size,
                                sizeof(ELF::Elf64_Rela));
    Sections[Index].Link = Symtab;
    Sections[Index].Info = I;
  }

  StringTable Names, SectionNames;
  std::vector<ELF::Elf64_Sym> Table(Symbols.size() + 1);
  std::memset(Table.data(), 0, Table.size() * sizeof(Table[0]));
  for (uint32_t I = 0; I < Symbols.size(); ++I) {
    const SymbolSpec &S = Symbols[I];
    ELF::Elf64_Sym &Out = Table[IndexOf[I]];
    Out.st_name = Names.add(S.Name);
    Out.setBindingAndType(S.Binding, S.Type);
    Out.st_other = S.Visibility;
    Out.st_shndx = S.Section;
    Out.st_value = S.Value;
    Out.st_size = S.Size;
  }
  std::vector<uint8_t> Bytes;
  for (const ELF::Elf64_Sym &S : Table)
    put(Bytes, S);
  uint64_t Size = Bytes.size();
  addSection(".symtab", ELF::SHT_SYMTAB, 0, 8, std::move(Bytes), Size, sizeof(ELF::Elf64_Sym));
  Sections.back().Link = Strtab;
  Sections.back().Info = LocalCount;
  Bytes = Names.take();
  Size = Bytes.size();
  addSection(".strtab", ELF::SHT_STRTAB, 0, 1, std::move(Bytes), Size);
  addSection(".shstrtab", ELF::SHT_STRTAB, 0, 1, {}, 0);

  std::vector<uint32_t> NameAt;
  for (const Output &S : Sections)
    NameAt.push_back(SectionNames.add(S.Name));
  Sections[Shstrtab].Bytes = SectionNames.take();
  Sections[Shstrtab].Size = Sections[Shstrtab].Bytes.size();

  std::vector<uint8_t> File(sizeof(ELF::Elf64_Ehdr));
  for (uint32_t I = 1; I < Sections.size(); ++I) {
    Output &S = Sections[I];
    File.resize(alignTo(File.size(), S.Align));
    S.FileOffset = File.size();
    if (S.Type != ELF::SHT_NOBITS)
      File.insert(File.end(), S.Bytes.begin(), S.Bytes.end());
  }
  File.resize(alignTo(File.size(), 8));
  ELF::Elf64_Ehdr Header;
  std::memset(&Header, 0, sizeof(Header));
  std::memcpy(Header.e_ident, ELF::ElfMagic, 4);
  Header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  Header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  Header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  Header.e_type = ELF::ET_REL;
  Header.e_machine = ELF::EM_X86_64;
  Header.e_version = ELF::EV_CURRENT;
  Header.e_shoff = File.size();
  Header.e_ehsize = sizeof(ELF::Elf64_Ehdr);
  Header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  Header.e_shnum = Sections.size();
  Header.e_shstrndx = Shstrtab;
  std::memcpy(File.data(), &Header, sizeof(Header));
  for (uint32_t I = 0; I < Sections.size(); ++I) {
    const Output &S = Sections[I];
    ELF::Elf64_Shdr Out;
    std::memset(&Out, 0, sizeof(Out));
    if (I != 0) {
      Out.sh_name = NameAt[I];
      Out.sh_type = S.Type;
      Out.sh_flags = S.Flags;
      Out.sh_offset = S.FileOffset;
      Out.sh_size = S.Size;
      Out.sh_link = S.Link;
      Out.sh_info = S.Info;
      Out.sh_addralign = S.Align;
      Out.sh_entsize = S.EntrySize;
    }
    put(File, Out);
  }
  return File;
}

} // namespace wfdiff
