// Reading units, cheaply: in a build directory nearly all pairs are equal byte by byte, and those are not even parsed.
#include "diff-tool/passes.h"

#include "diff-tool/correlate.h"
#include "diff-tool/object_reader.h"
#include "diff-tool/resolve.h"

#include <numeric>

using namespace llvm;

namespace wfdiff {

static Expected<std::shared_ptr<const Object>> read(Session &S, const InputFile &File, const std::string &Path) {
  Expected<std::shared_ptr<MemoryBuffer>> Buffer = File.open();
  if (!Buffer)
    return Buffer.takeError();
  Expected<Object> O = readObject(std::move(*Buffer), File.File, Path);
  if (!O)
    return O.takeError();
  auto Result = std::make_shared<Object>(std::move(*O));
  resolveAll(*Result, S.Decode);
  return Result;
}

static void index(std::map<std::string, std::vector<Moved>, std::less<>> &Globals, const Object &O, uint32_t Unit) {
  for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
    const Piece &P = O.Pieces[I];
    if (P.Local || P.NameSymbol == None)
      continue;
    for (uint32_t Sym : P.Symbols)
      if (O.Symbols[Sym].Binding != 0 && O.Symbols[Sym].Value == P.Offset)
        Globals[O.Symbols[Sym].Name.str()].push_back({Unit, I});
  }
}

// Of two equal objects every piece is the other's.
static Correlation identity(const Object &O) {
  Correlation C;
  C.ToNew.resize(O.Pieces.size());
  std::iota(C.ToNew.begin(), C.ToNew.end(), 0);
  C.ToOld = C.ToNew;
  return C;
}

Error loadUnit(Session &S, uint32_t Unit) {
  UnitPair &U = S.Units[Unit];
  if (U.Loaded)
    return Error::success();
  U.Loaded = true;
  if (U.OldFile.exists()) {
    Expected<std::shared_ptr<const Object>> O = read(S, U.OldFile, U.Path);
    if (!O)
      return O.takeError();
    U.Old = std::move(*O);
    index(S.OldGlobals, *U.Old, Unit);
  }
  if (U.NewFile.exists()) {
    Expected<std::shared_ptr<const Object>> O = U.Identical ? U.Old : read(S, U.NewFile, U.Path);
    if (!O)
      return O.takeError();
    U.New = std::move(*O);
    U.State.resize(U.New->Pieces.size());
    index(S.NewGlobals, *U.New, Unit);
  }
  if (U.Identical)
    U.Match = identity(*U.Old);
  else if (U.Old && U.New)
    U.Match = correlate(*U.Old, *U.New, S.Decode);
  else {
    U.Match.ToNew.assign(U.Old ? U.Old->Pieces.size() : 0, None);
    U.Match.ToOld.assign(U.New ? U.New->Pieces.size() : 0, None);
  }
  return Error::success();
}

// Units that are not loaded are equal on both sides.
static const SymbolIndex &unread(Session &S) {
  if (!S.Unread) {
    S.Unread.emplace();
    for (uint32_t I = 0; I < S.Units.size(); ++I)
      if (!S.Units[I].Loaded)
        S.Unread->add(I, S.Units[I].OldFile);
  }
  return *S.Unread;
}

static Error loadUnits(Session &S, const std::vector<uint32_t> &Units) {
  for (uint32_t Unit : Units)
    if (Error E = loadUnit(S, Unit))
      return E;
  return Error::success();
}

Error loadUnitsThatDefine(Session &S, StringRef Name) { return loadUnits(S, unread(S).definers(Name)); }

Error loadUnitsThatUse(Session &S, StringRef Name) { return loadUnits(S, unread(S).users(Name)); }

bool isUsed(Session &S, StringRef Name, const UnitPair *Except) {
  if (!unread(S).users(Name).empty())
    return true;
  auto Has = [&](const std::shared_ptr<const Object> &O) {
    return O && any_of(O->Symbols, [&](const Symbol &Sym) { return Sym.Binding != 0 && Sym.Name == Name; });
  };
  return any_of(S.Units, [&](const UnitPair &U) { return &U != Except && (Has(U.Old) || Has(U.New)); });
}

Error loadOneThatDefines(Session &S, StringRef Name) {
  for (uint32_t Unit : unread(S).definers(Name)) {
    if (S.NewGlobals.count(Name))
      break;
    if (Error E = loadUnit(S, Unit))
      return E;
  }
  return Error::success();
}

Error readUnits(Session &S) {
  Expected<Inputs> In = openInputs(S.Opts.Old, S.Opts.New);
  if (!In)
    return In.takeError();
  S.Notes = In->Notes;
  S.WholeBuild = In->WholeBuild;
  for (InputPair &P : In->Pairs) {
    UnitPair U;
    U.Path = P.Path;
    U.OldFile = P.Old;
    U.NewFile = P.New;
    if (P.Old.exists() && P.New.exists()) {
      Expected<bool> Same = haveSameBytes(P.Old, P.New);
      if (!Same)
        return Same.takeError();
      U.Identical = *Same;
    }
    S.Units.push_back(std::move(U));
  }
  for (uint32_t I = 0; I < S.Units.size(); ++I)
    if (!S.Units[I].Identical)
      if (Error E = loadUnit(S, I))
        return E;
  return Error::success();
}

bool Session::livesOnElsewhere(uint32_t Unit, uint32_t OldPiece) const {
  const Object &Old = *Units[Unit].Old;
  if (Old.Pieces[OldPiece].Local)
    return false;
  StringRef Name = Old.name(Old.Pieces[OldPiece]);
  auto Olds = OldGlobals.find(Name), News = NewGlobals.find(Name);
  return (Olds != OldGlobals.end() &&
          any_of(Olds->second, [&](const Moved &M) { return Units[M.Unit].Match.ToNew[M.Piece] != None; })) ||
         (News != NewGlobals.end() && any_of(News->second, [&](const Moved &M) {
            return !Units[M.Unit].Old || !Units[M.Unit].Old->ByName.count(Name);
          }));
}

bool Session::wasElsewhere(uint32_t Unit, uint32_t NewPiece) const {
  const Object &New = *Units[Unit].New;
  if (New.Pieces[NewPiece].Local)
    return false;
  StringRef Name = New.name(New.Pieces[NewPiece]);
  auto Olds = OldGlobals.find(Name), News = NewGlobals.find(Name);
  return (News != NewGlobals.end() &&
          any_of(News->second, [&](const Moved &M) { return Units[M.Unit].Match.ToOld[M.Piece] != None; })) ||
         (Olds != OldGlobals.end() && any_of(Olds->second, [&](const Moved &M) {
            return !Units[M.Unit].New || !Units[M.Unit].New->ByName.count(Name);
          }));
}

void correlateUnits(Session &S) { correlateMoved(S); }

bool isUnchanged(const Session &S) {
  return none_of(S.Units, [](const UnitPair &U) { return U.Touched; });
}

} // namespace wfdiff
