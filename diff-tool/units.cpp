// Reading units, cheaply: in a build directory nearly all pairs are equal byte by byte, and those are not even parsed.
#include "diff-tool/passes.h"

#include "diff-tool/correlate.h"
#include "diff-tool/object_reader.h"
#include "diff-tool/resolve.h"

using namespace llvm;

namespace wfdiff {

static Expected<std::unique_ptr<Object>> read(Session &S, const InputFile &File, const std::string &Path) {
  Expected<Object> O = readObject(File.Buffer, File.File, Path);
  if (!O)
    return O.takeError();
  auto Result = std::make_unique<Object>(std::move(*O));
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

Error loadUnit(Session &S, uint32_t Unit) {
  UnitPair &U = S.Units[Unit];
  if (U.Loaded)
    return Error::success();
  U.Loaded = true;
  if (U.OldFile.Buffer) {
    Expected<std::unique_ptr<Object>> O = read(S, U.OldFile, U.Path);
    if (!O)
      return O.takeError();
    U.Old = std::move(*O);
    index(S.OldGlobals, *U.Old, Unit);
  }
  if (U.NewFile.Buffer) {
    Expected<std::unique_ptr<Object>> O = read(S, U.NewFile, U.Path);
    if (!O)
      return O.takeError();
    U.New = std::move(*O);
    U.State.resize(U.New->Pieces.size());
    index(S.NewGlobals, *U.New, Unit);
  }
  if (U.Old && U.New)
    U.Match = correlate(*U.Old, *U.New, S.Decode);
  else {
    U.Match.ToNew.assign(U.Old ? U.Old->Pieces.size() : 0, None);
    U.Match.ToOld.assign(U.New ? U.New->Pieces.size() : 0, None);
  }
  return Error::success();
}

Error loadUnitsThatMention(Session &S, StringRef Name) {
  for (uint32_t I = 0; I < S.Units.size(); ++I) {
    const UnitPair &U = S.Units[I];
    if (!U.Loaded && U.OldFile.Buffer->getBuffer().contains(Name))
      if (Error E = loadUnit(S, I))
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
    U.Identical = P.Old.Buffer && P.New.Buffer && P.Old.Buffer->getBuffer() == P.New.Buffer->getBuffer();
    S.Units.push_back(std::move(U));
  }
  for (uint32_t I = 0; I < S.Units.size(); ++I)
    if (!S.Units[I].Identical)
      if (Error E = loadUnit(S, I))
        return E;
  return Error::success();
}

void correlateUnits(Session &S) { correlateMoved(S); }

bool isUnchanged(const Session &S) {
  return none_of(S.Units, [](const UnitPair &U) { return U.Touched; });
}

} // namespace wfdiff
