// Sections, symbols and relocations come from LLVM's ELFFile, which checks bounds.  What this file adds is the partition
// into pieces.  With -ffunction-sections and -fdata-sections, which the plugin sets, most sections are one piece; the
// rest is:
//
//   merged sections       one piece a string or constant: they mean their content, whoever refers to them
//   explicit sections     __attribute__((section)) puts several functions or variables into one: split at symbols
//   .L symbols, or none   private constants, jump tables: anonymous pieces
//   .data without symbols pointer stubs to type_infos, which LSDAs of position-independent code refer to: 8 bytes each
//   COMMON symbols        synthetic zero-initialised sections
//
// Not partitioned are .eh_frame (unwind.cpp does that), notes and the plugin's records.
#include "diff-tool/object_reader.h"

#include "diff-tool/resolve.h"
#include "diff-tool/unwind.h"
#include "format/records.h"

#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

#include <algorithm>

using namespace llvm;
using namespace llvm::object;
using namespace wfp::format;

namespace wfdiff {

namespace {

Error fail(const Twine &Why) { return createStringError(inconvertibleErrorCode(), Why); }

// zlib cannot do better than 1:1032, and debug information does not come near that with zstd.
constexpr unsigned LargestRatio = 2048;

// What the compression header promises: LLVM allocates that before it looks at the data.
uint64_t inflatedSize(ArrayRef<uint8_t> Bytes) {
  const auto *Header = reinterpret_cast<const ELF64LE::Chdr *>(Bytes.data());
  return Bytes.size() < sizeof(*Header) ? 0 : uint64_t(Header->ch_size);
}

constexpr uint64_t LargestSection = uint64_t(1) << 40;

bool isPrivateName(StringRef Name) { return Name.empty() || Name.starts_with(".L"); }

// Read-only once the dynamic linker is done.
bool isWritable(const Section &S) { return (S.Flags & ELF::SHF_WRITE) && !StringRef(S.Name).starts_with(".data.rel.ro"); }

// A pointer in .data that only unwinding reads: to the personality routine or to a type_info.
bool isUnwindStub(StringRef Name) { return Name.starts_with("DW.ref.") || Name.ends_with(".DW.stub"); }

// What -fsanitize=undefined tells its run-time about one check.  The run-time writes into it that it has reported the check;
// one copy is as good as another.
bool isCheckDescription(const Section &S) { return StringRef(S.Name).starts_with(kCheckSection); }

// Code that the back end adds behind all passes (-mretpoline, -mlvi-cfi): it has no record by which the program's could be found,
// but nobody takes its address, so that a copy is as good.
bool isThunk(StringRef Name) { return Name.starts_with("__llvm_retpoline_") || Name.starts_with("__llvm_lvi_thunk_"); }

class Reader {
public:
  Reader(Object &O, const ELFFile<ELF64LE> &Elf) : O(O), Elf(Elf) {}

  Error run() {
    if (Error E = readSections())
      return E;
    if (Error E = readSymbols())
      return E;
    if (Error E = readRelocations())
      return E;
    if (Error E = readRecords())
      return E;
    SymbolsIn.resize(O.Sections.size());
    for (uint32_t I = 0; I < O.Symbols.size(); ++I)
      if (O.Symbols[I].Section != None)
        SymbolsIn[O.Symbols[I].Section].push_back(I);
    for (uint32_t I = 0, N = O.Sections.size(); I < N; ++I)
      if (isPartitioned(O.Sections[I]))
        if (Error E = partition(I))
          return E;
    for (const Piece &P : O.Pieces)
      if (P.RelocationCount) {
        const Relocation &Last = O.relocations(P).back();
        if (Last.Offset + fieldSize(Last.Type) > P.Offset + P.Size)
          return fail("section " + O.Sections[P.Section].Name + ": relocation across the end of " + O.label(P));
      }
    attachSymbols();
    attachParts();
    attachRecords();
    attachPrefixes();
    clearSleds();
    return readUnwindEntries(O);
  }

private:
  Object &O;
  const ELFFile<ELF64LE> &Elf;
  uint32_t SymbolTable = None;
  std::vector<std::vector<uint32_t>> SymbolsIn; // by section

  Error readSections();
  Error readSymbols();
  Error readRelocations();
  Error readRecords();
  static bool isPartitioned(const Section &S);
  Error partition(uint32_t Index);
  void splitMerged(uint32_t Index);
  void addGap(uint32_t Index, uint64_t Begin, uint64_t End, bool OnlyGap);
  Piece &addPiece(uint32_t Index, uint64_t Begin, uint64_t End, PieceKind Kind);
  PieceKind kindOf(const Section &S, StringRef Name) const;
  void attachSymbols();
  void attachParts();
  void attachRecords();
  void attachPrefixes();
  void clearSleds();
};

Error Reader::readSections() {
  Expected<ELFFile<ELF64LE>::Elf_Shdr_Range> Headers = Elf.sections();
  if (!Headers)
    return Headers.takeError();
  for (const auto &H : *Headers) {
    Section S;
    Expected<StringRef> Name = Elf.getSectionName(H);
    if (!Name)
      return Name.takeError();
    S.Name = Name->str();
    S.Type = H.sh_type;
    S.Flags = H.sh_flags;
    S.Align = std::max<uint64_t>(1, H.sh_addralign);
    if (!isPowerOf2_64(S.Align))
      return fail("section " + S.Name + ": alignment is no power of two");
    S.EntrySize = H.sh_entsize;
    S.Size = H.sh_size;
    if (H.sh_flags & ELF::SHF_LINK_ORDER)
      S.Link = H.sh_link;
    if (H.sh_flags & ELF::SHF_COMPRESSED && H.sh_flags & ELF::SHF_ALLOC)
      return fail("section " + S.Name + ": compressed, but allocated");
    if (H.sh_type != ELF::SHT_NOBITS && H.sh_type != ELF::SHT_NULL) {
      Expected<ArrayRef<uint8_t>> Bytes = Elf.getSectionContents(H);
      if (!Bytes)
        return Bytes.takeError();
      S.Bytes = *Bytes;
      if (H.sh_flags & ELF::SHF_COMPRESSED && inflatedSize(S.Bytes) > S.Bytes.size() * uint64_t(LargestRatio))
        return fail("section " + S.Name + ": claims an absurd size when it is not compressed");
    } else if (S.Size > LargestSection) {
      return fail("section " + S.Name + ": absurd size");
    }
    if (H.sh_type == ELF::SHT_SYMTAB) {
      if (SymbolTable != None)
        return fail("more than one symbol table");
      SymbolTable = O.Sections.size();
    }
    O.Sections.push_back(std::move(S));
  }
  for (const auto &H : *Headers) {
    if (H.sh_type != ELF::SHT_GROUP)
      continue;
    auto Members = Elf.getSectionContentsAsArray<ELF64LE::Word>(H);
    if (!Members)
      return Members.takeError();
    if (Members->empty() || !((*Members)[0] & ELF::GRP_COMDAT))
      continue;
    for (uint32_t M : Members->drop_front())
      if (M < O.Sections.size())
        O.Sections[M].Comdat = true;
  }
  return Error::success();
}

Error Reader::readSymbols() {
  if (SymbolTable == None)
    return Error::success();
  auto Headers = cantFail(Elf.sections());
  const auto &Table = Headers[SymbolTable];
  auto Symbols = Elf.symbols(&Table);
  if (!Symbols)
    return Symbols.takeError();
  Expected<StringRef> Strings = Elf.getStringTableForSymtab(Table);
  if (!Strings)
    return Strings.takeError();
  ArrayRef<ELF64LE::Word> Extended;
  for (const auto &H : Headers)
    if (H.sh_type == ELF::SHT_SYMTAB_SHNDX && H.sh_link == SymbolTable) {
      auto Indices = Elf.getSHNDXTable(H);
      if (!Indices)
        return Indices.takeError();
      Extended = *Indices;
    }
  // -fsanitize=hwaddress gives variables a tag in the highest byte of their address.
  const bool Tagged = llvm::any_of(O.Sections, [](const Section &S) { return S.Name == "hwasan_globals"; });
  for (const auto &In : *Symbols) {
    Symbol S;
    Expected<StringRef> Name = In.getName(*Strings);
    if (!Name)
      return Name.takeError();
    S.Name = *Name;
    S.Value = Tagged ? In.st_value & maskTrailingOnes<uint64_t>(56) : uint64_t(In.st_value);
    S.Size = In.st_size;
    S.Binding = In.getBinding();
    S.Type = In.getType();
    S.Visibility = In.getVisibility();
    S.Absolute = In.st_shndx == ELF::SHN_ABS;
    if (In.st_shndx == ELF::SHN_COMMON) {
      Section Common;
      Common.Name = (".bss." + S.Name).str();
      Common.Type = ELF::SHT_NOBITS;
      Common.Flags = ELF::SHF_ALLOC | ELF::SHF_WRITE;
      Common.Align = std::max<uint64_t>(1, S.Value);
      Common.Size = S.Size;
      if (S.Size > LargestSection || !isPowerOf2_64(Common.Align))
        return fail("symbol " + S.Name + ": absurd size or alignment");
      S.Value = 0;
      S.Section = O.Sections.size();
      O.Sections.push_back(std::move(Common));
    } else if (!S.Absolute) {
      Expected<uint32_t> Index = Elf.getSectionIndex(In, *Symbols, DataRegion<ELF64LE::Word>(Extended));
      if (!Index)
        return Index.takeError();
      if (*Index != 0)
        S.Section = *Index;
      if (S.Section != None && S.Section >= O.Sections.size())
        return fail("symbol " + S.Name + ": section index out of range");
      if (S.Section != None && S.Value > O.Sections[S.Section].Size)
        return fail("symbol " + S.Name + ": lies outside its section");
    }
    O.Symbols.push_back(S);
  }
  return Error::success();
}

// Those of sections that are not loaded are checked as well: who reads the debug information takes them as they are.
Error Reader::readRelocations() {
  auto Headers = cantFail(Elf.sections());
  for (const auto &H : Headers) {
    if (H.sh_type == ELF::SHT_CREL)
      return fail("compact relocations (-Wa,--crel) are not supported: assemble without them");
    if (H.sh_type != ELF::SHT_RELA && H.sh_type != ELF::SHT_REL)
      continue;
    if (H.sh_info >= Headers.size())
      return fail("relocation section without a target");
    Section &Target = O.Sections[H.sh_info];
    if (H.sh_type == ELF::SHT_REL)
      return fail("section " + Target.Name + ": REL relocations are not used on x86-64");
    if (SymbolTable == None || H.sh_link != SymbolTable)
      return fail("section " + Target.Name + ": relocations without a symbol table");
    auto Relas = Elf.relas(H);
    if (!Relas)
      return Relas.takeError();
    for (const auto &R : *Relas) {
      uint32_t SymbolIndex = R.getSymbol(false);
      const bool Inside = R.r_offset < Target.Size || Target.Flags & ELF::SHF_COMPRESSED; // offsets are those of the plain bytes
      if (SymbolIndex >= O.Symbols.size() || !Inside)
        return fail("section " + Target.Name + ": relocation out of range");
      if (Target.Flags & ELF::SHF_ALLOC && R.getType(false) != ELF::R_X86_64_NONE)
        Target.Relocations.push_back({R.r_offset, R.r_addend, R.getType(false), SymbolIndex});
    }
    llvm::stable_sort(Target.Relocations,
                      [](const Relocation &A, const Relocation &B) { return A.Offset < B.Offset; });
  }
  return Error::success();
}

Error Reader::readRecords() {
  for (const Section &S : O.Sections) {
    std::string What = "section " + S.Name;
    Error E = Error::success();
    if (S.Name == kNoteSection)
      E = joinErrors(std::move(E), readNote(S.Bytes, What, O.Info));
    else if (S.Name == kFunctionsSection)
      E = joinErrors(std::move(E), readFunctionRecords(S.Bytes, What, O.Info));
    else if (S.Name == kVariablesSection)
      E = joinErrors(std::move(E), readVariableRecords(S.Bytes, What, O.Info));
    else if (S.Name == kThreadLocalsSection)
      E = joinErrors(std::move(E), readThreadLocalRecords(S.Bytes, What, O.Info));
    else if (S.Name == kInfoSection)
      E = joinErrors(std::move(E), readInfo(S.Bytes, What, O.Info));
    if (E)
      return E;
  }
  return Error::success();
}

bool Reader::isPartitioned(const Section &S) {
  if (!(S.Flags & ELF::SHF_ALLOC) || S.Size == 0 || S.Type == ELF::SHT_NOTE || S.Name == ".eh_frame")
    return false;
  return S.Name != kNoteSection && S.Name != kFunctionsSection && S.Name != kVariablesSection &&
         S.Name != kThreadLocalsSection;
}

PieceKind Reader::kindOf(const Section &S, StringRef Name) const {
  if (S.Type == ELF::SHT_INIT_ARRAY || S.Type == ELF::SHT_FINI_ARRAY || S.Type == ELF::SHT_PREINIT_ARRAY ||
      StringRef(S.Name).starts_with(".ctors") || StringRef(S.Name).starts_with(".dtors"))
    return PieceKind::Startup;
  if (isUnwindStub(Name) || isCheckDescription(S) || isThunk(Name))
    return PieceKind::Anonymous;
  if (S.Flags & ELF::SHF_EXECINSTR)
    return PieceKind::Function;
  if (StringRef(S.Name).starts_with(".gcc_except_table"))
    return PieceKind::Lsda;
  if (S.Flags & ELF::SHF_TLS)
    return PieceKind::ThreadLocal;
  if (isWritable(S))
    return PieceKind::Variable;
  return isPrivateName(Name) ? PieceKind::Anonymous : PieceKind::Constant;
}

Piece &Reader::addPiece(uint32_t Index, uint64_t Begin, uint64_t End, PieceKind Kind) {
  Section &S = O.Sections[Index];
  Piece P;
  P.Kind = Kind;
  P.Section = Index;
  P.Offset = Begin;
  P.Size = End - Begin;
  P.Comdat = S.Comdat;
  P.Writable = isWritable(S);
  P.Check = isCheckDescription(S);
  auto First = llvm::lower_bound(S.Relocations, Begin, [](const Relocation &R, uint64_t At) { return R.Offset < At; });
  auto Last = llvm::lower_bound(S.Relocations, End, [](const Relocation &R, uint64_t At) { return R.Offset < At; });
  P.FirstRelocation = First - S.Relocations.begin();
  P.RelocationCount = Last - First;
  S.Pieces.push_back(O.Pieces.size());
  O.Pieces.push_back(std::move(P));
  return O.Pieces.back();
}

void Reader::splitMerged(uint32_t Index) {
  const Section &S = O.Sections[Index];
  const uint64_t Unit = std::max<uint64_t>(1, S.EntrySize);
  const bool Strings = S.Flags & ELF::SHF_STRINGS;
  for (uint64_t Begin = 0; Begin < S.Size;) {
    uint64_t End = Begin;
    if (Strings) {
      bool Zero = false;
      while (End < S.Size && !Zero) {
        uint64_t Next = std::min(End + Unit, S.Size);
        Zero = llvm::all_of(S.Bytes.slice(End, Next - End), [](uint8_t B) { return B == 0; });
        End = Next;
      }
    } else {
      End = std::min(Begin + Unit, S.Size);
    }
    addPiece(Index, Begin, End, PieceKind::Anonymous).String = Strings;
    Begin = End;
  }
}

// A stretch that no symbol names.
void Reader::addGap(uint32_t Index, uint64_t Begin, uint64_t End, bool OnlyGap) {
  const Section &S = O.Sections[Index];
  PieceKind Kind = kindOf(S, "");
  ArrayRef<uint8_t> Bytes = S.Bytes.empty() ? S.Bytes : S.Bytes.slice(Begin, End - Begin);
  auto InGap = [&](const Relocation &R) { return R.Offset >= Begin && R.Offset < End; };
  size_t Relocated = llvm::count_if(S.Relocations, InGap);
  if (!OnlyGap && Kind != PieceKind::Lsda) {
    bool Padding = Relocated == 0 && llvm::all_of(Bytes, [](uint8_t B) { return B == 0; });
    if (Padding || Kind == PieceKind::Function) // what belongs to the next function: attachPrefixes()
      return;
  }
  bool Stubs = Kind == PieceKind::Variable && (End - Begin) % 8 == 0 && Relocated == (End - Begin) / 8;
  for (const Relocation &R : S.Relocations)
    Stubs = Stubs && (!InGap(R) || (R.Type == ELF::R_X86_64_64 && (R.Offset - Begin) % 8 == 0));
  if (!Stubs) {
    addPiece(Index, Begin, End, Kind);
    return;
  }
  for (uint64_t At = Begin; At < End; At += 8)
    addPiece(Index, At, At + 8, PieceKind::Anonymous);
}

Error Reader::partition(uint32_t Index) {
  Section &S = O.Sections[Index];
  if ((S.Flags & ELF::SHF_MERGE) && !S.Bytes.empty()) {
    splitMerged(Index);
    return Error::success();
  }
  struct Range {
    uint64_t Begin, End;
    StringRef Name;
  };
  std::vector<Range> Ranges;
  const bool Code = S.Flags & ELF::SHF_EXECINSTR;
  for (uint32_t SymbolIndex : SymbolsIn[Index]) {
    const Symbol &Sym = O.Symbols[SymbolIndex];
    if (Sym.Type == ELF::STT_SECTION || Sym.Type == ELF::STT_FILE)
      continue;
    if (Sym.Size > S.Size || Sym.Value + Sym.Size > S.Size)
      return fail("symbol " + Sym.Name + ": lies outside its section");
    // Labels without a size are entries of hand-written code; inside a sized symbol they are only names.
    if (Code && isPrivateName(Sym.Name))
      continue;
    if (Sym.Value < S.Size)
      Ranges.push_back({Sym.Value, Sym.Value + Sym.Size, Sym.Name});
  }
  llvm::stable_sort(Ranges, [](const Range &A, const Range &B) {
    return A.Begin != B.Begin ? A.Begin < B.Begin : A.End > B.End;
  });
  uint64_t At = 0;
  for (size_t I = 0; I < Ranges.size(); ++I) {
    Range R = Ranges[I];
    if (R.Begin < At)
      continue; // an alias, or a name inside a piece
    if (R.End == R.Begin) {
      size_t Next = I + 1;
      while (Next < Ranges.size() && Ranges[Next].Begin == R.Begin)
        ++Next;
      R.End = Next < Ranges.size() ? Ranges[Next].Begin : S.Size;
    }
    if (R.Begin > At)
      addGap(Index, At, R.Begin, false);
    addPiece(Index, R.Begin, R.End, kindOf(S, R.Name));
    At = R.End;
  }
  if (At < S.Size)
    addGap(Index, At, S.Size, At == 0);
  return Error::success();
}

void Reader::attachSymbols() {
  for (uint32_t I = 0; I < O.Symbols.size(); ++I) {
    Symbol &Sym = O.Symbols[I];
    if (Sym.Section == None || Sym.Type == ELF::STT_SECTION || Sym.Type == ELF::STT_FILE)
      continue;
    const std::vector<uint32_t> &Pieces = O.Sections[Sym.Section].Pieces;
    auto After = llvm::upper_bound(Pieces, Sym.Value,
                                   [&](uint64_t At, uint32_t P) { return At < O.Pieces[P].Offset; });
    if (After == Pieces.begin())
      continue;
    uint32_t Index = *std::prev(After);
    Piece &P = O.Pieces[Index];
    if (Sym.Value > P.Offset + P.Size || (Sym.Value == P.Offset + P.Size && Sym.Size != 0))
      continue;
    Sym.Piece = Index;
    P.Symbols.push_back(I);
    if (isPrivateName(Sym.Name) || Sym.Value != P.Offset)
      continue;
    // The strongest name counts: global before weak before local.
    auto Rank = [](const Symbol &S) { return S.Binding == ELF::STB_LOCAL ? 2 : S.Binding == ELF::STB_WEAK ? 1 : 0; };
    if (P.NameSymbol == None || Rank(Sym) < Rank(O.Symbols[P.NameSymbol]))
      P.NameSymbol = I;
  }
  for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
    Piece &P = O.Pieces[I];
    if (P.NameSymbol == None)
      continue;
    const Symbol &Sym = O.Symbols[P.NameSymbol];
    P.Local = Sym.Binding == ELF::STB_LOCAL;
    P.Weak = Sym.Binding == ELF::STB_WEAK;
    P.Hidden = Sym.Visibility != ELF::STV_DEFAULT;
    P.IFunc = Sym.Type == ELF::STT_GNU_IFUNC;
    if (P.Kind == PieceKind::Anonymous && !P.Local && !isUnwindStub(Sym.Name) && !isThunk(Sym.Name))
      P.Kind = PieceKind::Constant; // merged, but others may refer to it by name
    for (uint32_t S : P.Symbols)
      if (!isPrivateName(O.Symbols[S].Name) && O.Symbols[S].Value == P.Offset)
        O.ByName.try_emplace(O.Symbols[S].Name, I);
  }
}

// `f.cold`, `f.cold.1`, `f.__part.2`: split parts have a symbol, but no record and no sled of their own.
void Reader::attachParts() {
  for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
    Piece &P = O.Pieces[I];
    StringRef Name = O.name(P);
    if (P.Kind != PieceKind::Function || Name.empty() || O.Info.Functions.count(name_hash(Name.data(), Name.size())))
      continue;
    size_t Cut = std::min(Name.find(".cold"), Name.find(".__part."));
    if (Cut == StringRef::npos)
      continue;
    auto Parent = O.ByName.find(Name.take_front(Cut));
    if (Parent == O.ByName.end() || O.Pieces[Parent->second].Kind != PieceKind::Function)
      continue;
    P.Kind = PieceKind::FunctionPart;
    P.Parent = Parent->second;
    O.Pieces[P.Parent].Parts.push_back(I);
  }
}

void Reader::attachRecords() {
  for (Piece &P : O.Pieces) {
    const auto &Map = P.Kind == PieceKind::Function      ? O.Info.Functions
                      : P.Kind == PieceKind::ThreadLocal ? O.Info.ThreadLocals
                                                         : O.Info.Variables;
    for (uint32_t S : P.Symbols) {
      auto Found = Map.find(name_hash(O.Symbols[S].Name.data(), O.Symbols[S].Name.size()));
      if (!O.Symbols[S].Name.empty() && Found != Map.end() && !P.Record)
        P.Record = &Found->second;
    }
  }
}

// -fsanitize=function puts c105cafe and a hash of the function's type in front of its entry, for callers through pointers.
void Reader::attachPrefixes() {
  constexpr uint8_t Mark[] = {0xfe, 0xca, 0x05, 0xc1};
  constexpr uint64_t Size = sizeof Mark + sizeof(uint32_t);
  for (const Section &S : O.Sections) {
    uint64_t End = 0; // of the piece before
    for (uint32_t I : S.Pieces) {
      Piece &P = O.Pieces[I];
      if (P.Kind == PieceKind::Function && S.Bytes.size() >= P.Offset && P.Offset - End >= Size &&
          S.Bytes.slice(P.Offset - Size, sizeof Mark) == ArrayRef(Mark))
        P.Prefix = Size;
      End = P.Offset + P.Size;
    }
  }
}

// The immediates of sleds are there for the linker, and depend on the unit's key: nothing for a differ to see.
void Reader::clearSleds() {
  std::vector<uint32_t> CopyOf(O.Sections.size(), None);
  for (const Piece &P : O.Pieces) {
    if (P.Kind != PieceKind::Function || !P.Record || !(P.Record->Flags & kFunctionSled))
      continue;
    Section &S = O.Sections[P.Section];
    uint64_t Sled = P.Offset + sled_offset(P.Record->Flags);
    if (Sled + kSledSize > P.Offset + P.Size || S.Bytes.size() < P.Offset + P.Size || S.Bytes[Sled] != kSledIdle)
      continue; // a damaged object, or a record that is not true
    if (CopyOf[P.Section] == None) {
      CopyOf[P.Section] = O.Copies.size();
      O.Copies.emplace_back(S.Bytes.begin(), S.Bytes.end());
      S.Bytes = O.Copies.back();
    }
    std::fill_n(O.Copies[CopyOf[P.Section]].begin() + Sled + 1, kSledSize - 1, 0);
  }
}

} // namespace

std::string Object::label(const Piece &P) const {
  StringRef Name = name(P);
  if (!Name.empty())
    return Name.str();
  return (Sections[P.Section].Name + "+0x" + Twine::utohexstr(P.Offset)).str();
}

ArrayRef<uint8_t> Object::bytes(const Piece &P) const {
  const Section &S = Sections[P.Section];
  return S.Bytes.empty() ? S.Bytes : S.Bytes.slice(P.Offset, P.Size);
}

ArrayRef<uint8_t> Object::prefix(const Piece &P) const {
  return P.Prefix ? Sections[P.Section].Bytes.slice(P.Offset - P.Prefix, P.Prefix) : ArrayRef<uint8_t>();
}

uint64_t Object::alignment(const Piece &P) const {
  const uint64_t Align = Sections[P.Section].Align, Begin = P.Offset - P.Prefix;
  return Begin == 0 ? Align : std::min<uint64_t>(Align, Begin & -Begin);
}

bool isRelocatableObject(StringRef Bytes) {
  if (Bytes.size() < sizeof(ELF::Elf64_Ehdr) || !Bytes.starts_with(ELF::ElfMagic))
    return false;
  const auto *H = reinterpret_cast<const ELF64LE::Ehdr *>(Bytes.data());
  return H->e_ident[ELF::EI_CLASS] == ELF::ELFCLASS64 && H->e_ident[ELF::EI_DATA] == ELF::ELFDATA2LSB &&
         H->e_machine == ELF::EM_X86_64 && H->e_type == ELF::ET_REL;
}

Expected<Object> readObject(std::shared_ptr<MemoryBuffer> Buffer, std::string File, std::string Pair) {
  Object O;
  O.Buffer = std::move(Buffer);
  O.File = std::move(File);
  O.Pair = std::move(Pair);
  Expected<ELFFile<ELF64LE>> Elf = ELFFile<ELF64LE>::create(O.Buffer->getBuffer());
  if (!Elf)
    return createStringError(inconvertibleErrorCode(), O.File + ": " + toString(Elf.takeError()));
  if (Error E = Reader(O, *Elf).run())
    return createStringError(inconvertibleErrorCode(), O.File + ": " + toString(std::move(E)));
  return O;
}

} // namespace wfdiff
