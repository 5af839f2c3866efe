// Builds the update: an ELF object with the included pieces of every touched unit, and its manifest.
//
// Every piece gets a section of its own, except that strings and constants from one merged section stay together.  Symbols
// keep their names.  Addends stay as they are in NEW except that they count from the piece instead of from wherever the
// original symbol was; the bias of PC-relative fields is part of the addend and need not be known for that.
// .eh_frame is rebuilt for each unit, with only the FDEs of included code and the CIEs that those need; debug information
// is copied (debug_info.h).
#include "diff-tool/checks.h"
#include "diff-tool/closure.h"
#include "diff-tool/debug_info.h"
#include "diff-tool/elf_writer.h"
#include "diff-tool/manifest_writer.h"
#include "diff-tool/old_code.h"
#include "diff-tool/passes.h"
#include "format/records.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

namespace {

struct Place {
  uint32_t Section = 0, Symbol = 0; // Symbol: a handle that relocations may use
  uint64_t Offset = 0;              // in the section
  int64_t FromSymbol = 0;           // the piece's distance from the symbol
};

class Writer {
public:
  explicit Writer(Session &S) : S(S) {}
  Expected<std::vector<uint8_t>> run();

private:
  Session &S;
  ElfWriter Elf;
  ManifestWriter Manifest;
  std::map<uint32_t, uint32_t> Row; // Session unit -> manifest unit
  std::map<std::pair<uint32_t, uint32_t>, Place> Places; // (unit, new piece)
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> OldCodeRow, OldCodeCount; // (unit, old piece)
  std::map<std::pair<uint32_t, std::string>, uint32_t> ImportSymbols;         // (unit, name) -> handle
  std::vector<std::pair<uint32_t, ManifestImport>> PendingImports;            // handle, row
  std::vector<std::pair<Remark, uint32_t>> ReinitSymbols;                     // remark, handle

  void addUnits();
  void placePieces(uint32_t Unit);
  void placePiece(uint32_t Unit, uint32_t Piece, std::map<uint32_t, uint32_t> &Merged);
  void addSymbols(const Object &New, const Piece &P, Place &At);
  void relocatePieces(uint32_t Unit);
  void writeFrames(uint32_t Unit);
  void relocate(uint32_t Unit, uint32_t Section, uint64_t Offset, const Relocation &R, const Target &T);
  uint32_t importSymbol(uint32_t Unit, const Binding &B, const Symbol &Original);
  void placeReinits();
  Error addDebugInfo(ArrayRef<uint32_t> Touched);
  void addOldCode(uint32_t Unit);
  void addOldCodeRow(uint32_t Unit, StringRef Name, const OldCode &Code);
  void addFunctions(uint32_t Unit);
  void addDefinitions(uint32_t Unit);
  void addRemarks();
  uint32_t symbolOf(uint32_t Unit, uint32_t Piece) { return Elf.symbolIndex(Places.at({Unit, Piece}).Symbol); }
};

void Writer::addUnits() {
  for (uint32_t I = 0; I < S.Units.size(); ++I) {
    const UnitPair &U = S.Units[I];
    if (!U.Loaded || (!U.Touched && !U.idChanged()))
      continue;
    ManifestUnit Out{};
    const UnitInfo &Info = U.Old ? U.Old->Info : U.New->Info;
    Out.key = Manifest.string(Info.Key);
    Out.flags = (U.Touched ? kUnitTouched : 0u) | (U.Old ? 0u : kUnitNew);
    if (U.Old)
      llvm::copy(U.Old->Info.Id, Out.old_id);
    if (U.New)
      llvm::copy(U.New->Info.Id, Out.new_id);
    Row[I] = Manifest.Units.size();
    Manifest.Units.push_back(Out);
  }
}

void Writer::placePieces(uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  std::map<uint32_t, uint32_t> Merged; // merged section of NEW -> section of the update
  for (const Section &Sec : U.New->Sections)
    for (uint32_t P : Sec.Pieces)
      if (U.State[P].Included)
        placePiece(Unit, P, Merged);
}

void Writer::placePiece(uint32_t Unit, uint32_t Index, std::map<uint32_t, uint32_t> &Merged) {
  const Object &New = *S.Units[Unit].New;
  const Piece &P = New.Pieces[Index];
  const Section &From = New.Sections[P.Section];
  ArrayRef<uint8_t> Bytes = New.bytes(P);
  const bool IsMerged = (From.Flags & ELF::SHF_MERGE) && !Bytes.empty();
  Place At;
  if (IsMerged && Merged.count(P.Section)) {
    At.Section = Merged[P.Section];
    At.Offset = Elf.append(At.Section, Bytes, New.alignment(P));
  } else {
    const uint64_t Kept = ELF::SHF_ALLOC | ELF::SHF_WRITE | ELF::SHF_EXECINSTR | ELF::SHF_TLS | ELF::SHF_X86_64_LARGE;
    uint32_t Type = From.Type == ELF::SHT_NOBITS ? ELF::SHT_NOBITS : ELF::SHT_PROGBITS;
    ArrayRef<uint8_t> Prefix = New.prefix(P);
    std::vector<uint8_t> Content(Prefix.begin(), Prefix.end());
    Content.insert(Content.end(), Bytes.begin(), Bytes.end());
    At.Offset = Prefix.size();
    // The synthetic section of a COMMON symbol and a merged constant alike begin where the section does.
    At.Section = Elf.addSection(From.Name, Type, From.Flags & Kept, IsMerged ? From.Align : New.alignment(P),
                                std::move(Content), P.Size + Prefix.size());
    Manifest.Sections.push_back({At.Section, Row.at(Unit)});
    if (IsMerged)
      Merged[P.Section] = At.Section;
  }
  addSymbols(New, P, At);
  Places[{Unit, Index}] = At;
}

void Writer::addSymbols(const Object &New, const Piece &P, Place &At) {
  uint32_t Main = None;
  for (uint32_t I : P.Symbols) {
    const Symbol &Sym = New.Symbols[I];
    if (Sym.Name.empty() || Sym.Name.starts_with(".L"))
      continue;
    // A COMDAT definition may be in several units of the update: weak, as in the objects.
    uint8_t Binding = P.Comdat && Sym.Binding == ELF::STB_GLOBAL ? uint8_t(ELF::STB_WEAK) : Sym.Binding;
    uint32_t Handle = Elf.addSymbol({Sym.Name.str(), Binding, Sym.Type, Sym.Visibility, At.Section,
                                     At.Offset + (Sym.Value - P.Offset),
                                     std::min(Sym.Size, P.Offset + P.Size - Sym.Value)}); // a string's may span the next one
    if (I == P.NameSymbol)
      Main = Handle;
  }
  At.Symbol = Main != None ? Main : Elf.sectionSymbol(At.Section);
  At.FromSymbol = Main != None ? 0 : int64_t(At.Offset);
}

uint32_t Writer::importSymbol(uint32_t Unit, const Binding &B, const Symbol &Original) {
  auto [Found, Fresh] = ImportSymbols.try_emplace({Unit, B.Name}, 0);
  if (!Fresh)
    return Found->second;
  uint8_t Type = B.ImportKind == uint32_t(ImportKind::kThreadLocal) ? ELF::STT_TLS : ELF::STT_NOTYPE;
  uint8_t Binding = B.Weak ? ELF::STB_WEAK : ELF::STB_GLOBAL;
  Found->second = Elf.addSymbol({B.Name, Binding, Type, 0, 0, 0, 0});
  ManifestImport Out{};
  Out.unit = Row.at(Unit);
  Out.name = Manifest.string(B.Name);
  Out.kind = B.ImportKind;
  Out.flags = (B.Local ? kImportLocal : 0u) | (B.Weak ? kImportWeak : 0u) | (B.Hidden ? kImportHidden : 0u);
  PendingImports.push_back({Found->second, Out});
  return Found->second;
}

void Writer::relocate(uint32_t Unit, uint32_t Section, uint64_t Offset, const Relocation &R, const Target &T) {
  const Object &New = *S.Units[Unit].New;
  const Symbol &Original = New.Symbols[R.Symbol];
  Binding B = bind(S, Unit, R, T);
  // What the relocation adds to the piece's address.
  int64_t Addend = R.Addend;
  if (T.Piece != None)
    Addend += int64_t(Original.Value) - int64_t(New.Pieces[T.Piece].Offset);
  uint32_t Symbol = 0;
  switch (B.K) {
  case Binding::Included: {
    const Place &At = Places.at({B.Unit, B.Piece});
    Symbol = At.Symbol;
    Addend += At.FromSymbol;
    break;
  }
  case Binding::Import:
    Symbol = importSymbol(Unit, B, Original);
    break;
  case Binding::Absolute:
    Symbol = Elf.addSymbol({B.Name, ELF::STB_LOCAL, ELF::STT_NOTYPE, 0, ElfWriter::AbsoluteSection, Original.Value, 0});
    break;
  }
  Elf.addRelocation(Section, Offset, R.Type, Symbol, Addend);
}

void Writer::relocatePieces(uint32_t Unit) {
  const Object &New = *S.Units[Unit].New;
  for (uint32_t I = 0; I < New.Pieces.size(); ++I) {
    if (!S.Units[Unit].State[I].Included)
      continue;
    const Piece &P = New.Pieces[I];
    const Place &At = Places.at({Unit, I});
    for (size_t K = 0; K < P.RelocationCount; ++K) {
      const Relocation &R = New.relocations(P)[K];
      relocate(Unit, At.Section, At.Offset + R.Offset - P.Offset, R, New.targets(P)[K]);
    }
  }
}

void Writer::writeFrames(uint32_t Unit) {
  const Object &New = *S.Units[Unit].New;
  std::vector<uint8_t> Out;
  std::map<uint32_t, uint64_t> CieAt;
  std::vector<std::pair<const FrameEntry *, uint64_t>> Placed;
  auto Add = [&](const FrameEntry &E) {
    uint64_t At = Out.size();
    ArrayRef<uint8_t> Bytes = New.bytes(E);
    Out.insert(Out.end(), Bytes.begin(), Bytes.end());
    Placed.push_back({&E, At});
    return At;
  };
  for (const FrameEntry &Fde : New.Fdes) {
    if (Fde.Piece == None || !S.Units[Unit].State[Fde.Piece].Included)
      continue;
    if (!CieAt.count(Fde.Cie))
      CieAt[Fde.Cie] = Add(New.Cies[Fde.Cie]);
    uint64_t At = Add(Fde);
    support::endian::write32le(Out.data() + At + 4, At + 4 - CieAt[Fde.Cie]);
  }
  if (Out.empty())
    return;
  uint64_t Size = Out.size();
  uint32_t Section = Elf.addSection(".eh_frame", ELF::SHT_X86_64_UNWIND, ELF::SHF_ALLOC, 8, std::move(Out), Size);
  Manifest.Sections.push_back({Section, Row.at(Unit)});
  for (auto [E, At] : Placed)
    for (size_t K = 0; K < E->RelocationCount; ++K) {
      const Relocation &R = New.relocations(*E)[K];
      const Target &T = New.targets(*E)[K];
      uint64_t Offset = At + R.Offset - E->Offset;
      if (E->Piece != None && T.Piece == E->Piece) { // the code it describes: the new body, not the original entry
        const Place &Code = Places.at({Unit, T.Piece});
        Elf.addRelocation(Section, Offset, R.Type, Code.Symbol, T.Offset + Code.FromSymbol);
      } else {
        relocate(Unit, Section, Offset, R, T);
      }
    }
}

// The new initial value of a variable, as read-only data of the update.
void Writer::placeReinits() {
  for (const Remark &R : S.Remarks) {
    if (R.Kind != uint32_t(RemarkKind::kReinit))
      continue;
    const Object &New = *S.Units[R.Unit].New;
    const Piece &P = New.Pieces[R.Piece];
    ArrayRef<uint8_t> Bytes = New.bytes(P);
    std::vector<uint8_t> Value(Bytes.begin(), Bytes.end());
    Value.resize(P.Size);
    uint32_t Section = Elf.addSection(".data.rel.ro.wfpatch.reinit." + New.label(P), ELF::SHT_PROGBITS,
                                      ELF::SHF_ALLOC | ELF::SHF_WRITE, New.alignment(P), std::move(Value), P.Size);
    Manifest.Sections.push_back({Section, Row.at(R.Unit)});
    for (size_t K = 0; K < P.RelocationCount; ++K) {
      const Relocation &Rel = New.relocations(P)[K];
      relocate(R.Unit, Section, Rel.Offset - P.Offset, Rel, New.targets(P)[K]);
    }
    ReinitSymbols.push_back({R, Elf.addSymbol({"wfpatch.reinit." + New.label(P), ELF::STB_LOCAL, ELF::STT_OBJECT, 0,
                                               Section, 0, P.Size})});
  }
}

Error Writer::addDebugInfo(ArrayRef<uint32_t> Touched) {
  DebugInfoWriter Debug(Elf);
  for (uint32_t Unit : Touched) {
    if (!S.Opts.Debug || !S.Units[Unit].New)
      continue;
    auto Find = [&](uint32_t Piece) -> std::optional<DebugInfoWriter::Placed> {
      auto At = Places.find({Unit, Piece});
      if (At == Places.end())
        return std::nullopt;
      return DebugInfoWriter::Placed{At->second.Symbol, At->second.FromSymbol};
    };
    if (Error E = Debug.add(*S.Units[Unit].New, Find))
      return createStringError(inconvertibleErrorCode(), S.Units[Unit].file() + ": " + toString(std::move(E)));
  }
  return Error::success();
}

void Writer::addOldCodeRow(uint32_t Unit, StringRef Name, const OldCode &Code) {
  ManifestOldCode Out{};
  Out.unit = Row.at(Unit);
  Out.name = Manifest.string(Name);
  Out.size = Code.Size;
  Out.first_part = Manifest.Parts.size();
  Out.part_count = Code.Parts.size();
  Out.first_mask = Manifest.Masks.size();
  Out.mask_count = Code.Masks.size();
  Out.flags = Code.Flags;
  llvm::copy(Code.Digest, Out.digest);
  Manifest.Parts.insert(Manifest.Parts.end(), Code.Parts.begin(), Code.Parts.end());
  Manifest.Masks.insert(Manifest.Masks.end(), Code.Masks.begin(), Code.Masks.end());
  Manifest.OldCode.push_back(Out);
}

void Writer::addOldCode(uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    if (P.Kind != PieceKind::Function || P.NameSymbol == None)
      continue;
    StringRef Name = U.Old->name(P);
    std::vector<OldCode> Copies{describeOldCode(*U.Old, P, S.Decode)};
    OldCodeRow[{Unit, I}] = Manifest.OldCode.size();
    uint32_t New = U.Match.ToNew[I];
    bool Affected = New == None || U.State[New].Kind != Change::Same;
    // The linker kept one copy of several: any of them may be the one that runs.
    if (auto Found = S.OldGlobals.find(Name); P.Comdat && Affected && Found != S.OldGlobals.end()) // not a local name of the group
      for (const Moved &M : Found->second) {
        OldCode Other = describeOldCode(*S.Units[M.Unit].Old, S.Units[M.Unit].Old->Pieces[M.Piece], S.Decode);
        if (!is_contained(Copies, Other))
          Copies.push_back(std::move(Other));
      }
    for (const OldCode &Code : Copies)
      addOldCodeRow(Unit, Name, Code);
    OldCodeCount[{Unit, I}] = Copies.size();
  }
}

void Writer::addFunctions(uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  auto Common = [&](const Object &O, const Piece &P, StringRef Name) {
    ManifestFunction Out{};
    Out.unit = Row.at(Unit);
    Out.old_name = Out.new_name = Out.symbol = Out.old_code = kNone;
    Out.display = Manifest.string(demangle(std::string_view(Name.data(), Name.size())));
    bool MayBeActive = isNamed(S, "--allow-active", S.Opts.AllowActive, Name);
    Out.flags = (P.Local ? kFunctionLocal : 0u) | (P.Comdat ? kFunctionComdatGroup : 0u) | (MayBeActive ? kAllowActive : 0u);
    return Out;
  };
  for (uint32_t I = 0; U.Old && I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    if (P.Kind != PieceKind::Function || P.NameSymbol == None)
      continue;
    uint32_t NewUnit = Unit, New = U.Match.ToNew[I];
    if (auto To = U.MovedTo.find(I); To != U.MovedTo.end()) {
      NewUnit = To->second.Unit;
      New = To->second.Piece;
    }
    bool Replaced = New != None && S.Units[NewUnit].State[New].Kind == Change::Replaced;
    if (!Replaced && !is_contained(U.Removed, I))
      continue;
    StringRef Name = U.Old->name(P);
    ManifestFunction Out = Common(*U.Old, P, Name);
    Out.change = uint32_t(Replaced ? FunctionChange::kReplaced : FunctionChange::kRemoved);
    Out.old_name = Manifest.string(Name);
    Out.old_code = OldCodeRow.at({Unit, I});
    Out.old_code_count = OldCodeCount.at({Unit, I});
    if (Replaced) {
      Out.new_name = Manifest.string(S.Units[NewUnit].New->name(S.Units[NewUnit].New->Pieces[New]));
      Out.symbol = symbolOf(NewUnit, New);
    }
    Manifest.Functions.push_back(Out);
    // Its aliases share the body, and the runtime must not take them for functions that the linker folded.
    for (uint32_t Sym : P.Symbols) {
      const Symbol &Alias = U.Old->Symbols[Sym];
      if (Sym == P.NameSymbol || Alias.Value != P.Offset || Alias.Name == Name ||
          !U.Old->Info.Functions.count(name_hash(Alias.Name.data(), Alias.Name.size())))
        continue;
      Out.old_name = Manifest.string(Alias.Name);
      Out.display = Manifest.string(demangle(std::string_view(Alias.Name.data(), Alias.Name.size())));
      Manifest.Functions.push_back(Out);
    }
  }
  for (uint32_t I = 0; U.New && I < U.New->Pieces.size(); ++I) {
    const Piece &P = U.New->Pieces[I];
    if (P.Kind != PieceKind::Function || U.State[I].Kind != Change::Added)
      continue;
    ManifestFunction Out = Common(*U.New, P, U.New->name(P));
    Out.change = uint32_t(FunctionChange::kAdded);
    Out.new_name = Manifest.string(U.New->name(P));
    Out.symbol = symbolOf(Unit, I);
    Manifest.Functions.push_back(Out);
  }
}

static uint32_t importKindOf(const Piece &P) {
  return uint32_t(P.Kind == PieceKind::Function      ? ImportKind::kFunction
                  : P.Kind == PieceKind::ThreadLocal ? ImportKind::kThreadLocal
                                                     : ImportKind::kVariable);
}

void Writer::addDefinitions(uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  for (uint32_t I = 0; U.New && I < U.New->Pieces.size(); ++I) {
    const Piece &P = U.New->Pieces[I];
    if (P.NameSymbol == None || (P.Kind != PieceKind::Function && !isData(P.Kind)))
      continue;
    ManifestDefinition Out{};
    Out.unit = Row.at(Unit);
    Out.kind = importKindOf(P);
    Out.flags = P.Record ? P.Record->Flags : (P.Local ? uint32_t(kSymbolLocal) : 0);
    Out.symbol = Out.old_name = kNone;
    uint32_t Old = U.Match.ToOld[I];
    if (P.Kind == PieceKind::Function ? U.State[I].Kind == Change::Added : U.State[I].Included)
      Out.symbol = symbolOf(Unit, I);
    else if (Old != None && U.Old->name(U.Old->Pieces[Old]) != U.New->name(P))
      Out.old_name = Manifest.string(U.Old->name(U.Old->Pieces[Old]));
    else
      continue;
    Out.name = Manifest.string(U.New->name(P));
    Manifest.Definitions.push_back(Out);
  }
}

void Writer::addRemarks() {
  for (const Remark &R : S.Remarks) {
    ManifestRemark Out{R.Kind, R.Unit == None || !Row.count(R.Unit) ? kNone : Row.at(R.Unit), Manifest.string(R.Text),
                       kNone};
    if (R.Kind == uint32_t(RemarkKind::kReinit))
      for (auto &[Other, Handle] : ReinitSymbols)
        if (Other.Unit == R.Unit && Other.Piece == R.Piece)
          Out.symbol = Elf.symbolIndex(Handle);
    Manifest.Remarks.push_back(Out);
  }
}

Expected<std::vector<uint8_t>> Writer::run() {
  addUnits();
  std::vector<uint32_t> Touched;
  for (auto [Unit, Ignored] : Row)
    if (S.Units[Unit].Touched)
      Touched.push_back(Unit);
  for (uint32_t Unit : Touched)
    if (S.Units[Unit].New)
      placePieces(Unit);
  for (uint32_t Unit : Touched)
    if (S.Units[Unit].New) {
      relocatePieces(Unit);
      writeFrames(Unit);
    }
  placeReinits();
  if (Error E = addDebugInfo(Touched))
    return E;
  Elf.assignIndices();

  for (auto &[Handle, Import] : PendingImports) {
    Import.symbol = Elf.symbolIndex(Handle);
    Manifest.Imports.push_back(Import);
  }
  llvm::sort(Manifest.Imports, [](const auto &A, const auto &B) { return A.symbol < B.symbol; });
  for (uint32_t Unit : Touched)
    if (S.Units[Unit].Old)
      addOldCode(Unit);
  for (uint32_t Unit : Touched) {
    addFunctions(Unit);
    addDefinitions(Unit);
  }
  addRemarks();

  std::vector<uint8_t> Bytes = Manifest.finish();
  uint64_t Size = Bytes.size();
  uint32_t Section = Elf.addSection(kManifestSection, ELF::SHT_PROGBITS, 0, 8, std::move(Bytes), Size);
  Expected<std::vector<uint8_t>> File = Elf.finish();
  if (!File)
    return File.takeError();
  std::array<uint8_t, 32> Digest = SHA256::hash(*File);
  llvm::copy(Digest, File->begin() + Elf.fileOffset(Section) + offsetof(ManifestHeader, digest));
  return File;
}

} // namespace

Expected<std::vector<uint8_t>> writeUpdate(Session &S) { return Writer(S).run(); }

// A file appears complete or not at all, where a link leads to it; what is no file (/dev/null, a pipe) is written to, not replaced.
Error writeFile(const std::string &Path, ArrayRef<uint8_t> Bytes) {
  auto Fail = [&](const Twine &Why) { return createStringError(inconvertibleErrorCode(), Path + ": " + Why); };
  auto Write = [&](int Descriptor) {
    raw_fd_ostream Out(Descriptor, /*shouldClose=*/false, /*unbuffered=*/true);
    Out.write(reinterpret_cast<const char *>(Bytes.data()), Bytes.size());
    std::error_code Code = Out.error();
    Out.clear_error();
    return Code;
  };
  SmallString<128> Place(Path);
  if (sys::fs::exists(Path))
    if (std::error_code Code = sys::fs::real_path(Path, Place))
      return Fail(Code.message());
  if (sys::fs::exists(Place) && !sys::fs::is_regular_file(Place)) {
    int Descriptor;
    if (std::error_code Code = sys::fs::openFileForWrite(Place, Descriptor))
      return Fail(Code.message());
    std::error_code Code = Write(Descriptor);
    (void)sys::Process::SafelyCloseFileDescriptor(Descriptor);
    return Code ? Fail(Code.message()) : Error::success();
  }
  Expected<sys::fs::TempFile> Temp = sys::fs::TempFile::create(Place + ".%%%%%%.tmp", 0644);
  if (!Temp)
    return Fail(toString(Temp.takeError()));
  if (std::error_code Code = Write(Temp->FD)) {
    consumeError(Temp->discard());
    return Fail(Code.message());
  }
  if (Error E = Temp->keep(Place))
    return Fail(toString(std::move(E)));
  return Error::success();
}

} // namespace wfdiff
