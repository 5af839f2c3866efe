// What an update must hold besides the functions that changed, and where every reference in it leads:
//
//   existing function        original entry, by OLD's name: through the sled it leads to whatever body is current, and
//                            function pointers stay comparable
//   function that is added   the update's
//   existing variable        where it is, by OLD's name
//   new variable             the update's
//   named constant           where it is if its content is the same, else the update's
//   anonymous constants      a copy in the update: nobody can tell, and nothing names the old one; so too the back end's thunks,
//                            and what -fsanitize=undefined says of its checks
//   inside a function        (jump tables, labels, split parts) the update's, with the function
//
// A COMDAT function that only this unit is new to is copied as well: that is right whether or not the image holds another
// copy.  A COMDAT *variable* is state: if any OLD unit has it, it is an import, else all units of the update use one.
#include "diff-tool/closure.h"

#include "diff-tool/checks.h"
#include "diff-tool/passes.h"
#include "format/manifest.h"
#include "format/records.h"

#include "llvm/BinaryFormat/ELF.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

bool isImportableConstant(const Session &S, uint32_t Unit, uint32_t NewPiece) {
  const UnitPair &U = S.Units[Unit];
  if (auto From = U.MovedFrom.find(NewPiece); From != U.MovedFrom.end())
    return S.Units[From->second.Unit].Old->Pieces[From->second.Piece].Kind == PieceKind::Constant && !U.ChangedMoved.count(NewPiece);
  uint32_t Old = U.Match.ToOld[NewPiece];
  if (Old == None || U.ChangedData.count(NewPiece) || !U.Old)
    return false;
  // A merged constant has no address of its own, and a local one without a record cannot be found.
  const Piece &P = U.Old->Pieces[Old];
  return P.Kind == PieceKind::Constant && (!P.Local || P.Record);
}

static uint32_t importKind(const Piece &P) {
  switch (P.Kind) {
  case PieceKind::Function:
    return uint32_t(ImportKind::kFunction);
  case PieceKind::ThreadLocal:
    return uint32_t(ImportKind::kThreadLocal);
  default:
    return uint32_t(ImportKind::kVariable);
  }
}

static Binding importOld(const Object &Old, uint32_t Piece, int64_t Offset) {
  const wfdiff::Piece &P = Old.Pieces[Piece];
  Binding B;
  B.Name = Old.name(P).str();
  B.Local = P.Local;
  B.Hidden = P.Hidden;
  B.ImportKind = importKind(P);
  B.Offset = Offset;
  return B;
}

static Binding bindUndefined(const Session &S, const Relocation &R, const Target &T, const Symbol &Sym) {
  Binding B;
  B.Offset = T.Offset;
  B.Name = Sym.Name.str();
  if (Sym.Absolute) {
    B.K = Binding::Absolute;
    return B;
  }
  // Another unit of the update may bring the definition; two that do belong to two images, and the runtime decides.
  auto Found = S.NewGlobals.find(B.Name);
  if (Found != S.NewGlobals.end()) {
    std::vector<Moved> Definitions;
    for (const Moved &M : Found->second) {
      const PieceState &State = S.Units[M.Unit].State[M.Piece];
      bool Code = S.Units[M.Unit].New->Pieces[M.Piece].Kind == PieceKind::Function;
      if (State.Included && (!Code || State.Kind == Change::Added))
        Definitions.push_back(M);
    }
    if (Definitions.size() == 1) {
      B.K = Binding::Included;
      B.Unit = Definitions[0].Unit;
      B.Piece = Definitions[0].Piece;
      return B;
    }
    B.ImportKind = importKind(S.Units[Found->second[0].Unit].New->Pieces[Found->second[0].Piece]);
  } else if (Sym.Type == ELF::STT_TLS) {
    B.ImportKind = uint32_t(ImportKind::kThreadLocal);
  } else {
    B.ImportKind = uint32_t(R.Type == ELF::R_X86_64_PLT32 ? ImportKind::kFunction : ImportKind::kUnknown);
  }
  B.Weak = Sym.Binding == ELF::STB_WEAK;
  B.Hidden = Sym.Visibility != ELF::STV_DEFAULT;
  return B;
}

// OLD's copy of a COMDAT variable that a unit is new to: what another unit has found it to be; else what has its name, unless
// that has become something else (a static local of an inline function, renumbered).
static std::optional<Moved> findOldVariable(const Session &S, StringRef Name) {
  if (auto Found = S.NewGlobals.find(Name); Found != S.NewGlobals.end())
    for (const Moved &M : Found->second)
      if (uint32_t Old = S.Units[M.Unit].Match.ToOld[M.Piece]; Old != None)
        return Moved{M.Unit, Old};
  if (auto Found = S.OldGlobals.find(Name); Found != S.OldGlobals.end())
    for (const Moved &M : Found->second)
      if (S.Units[M.Unit].Match.ToNew[M.Piece] == None)
        return M;
  return std::nullopt;
}

Binding bind(const Session &S, uint32_t Unit, const Relocation &R, const Target &T) {
  const UnitPair &U = S.Units[Unit];
  if (T.Piece == None)
    return bindUndefined(S, R, T, U.New->Symbols[T.Symbol]);
  const Piece &P = U.New->Pieces[T.Piece];
  Binding Here;
  Here.K = Binding::Included;
  Here.Unit = Unit;
  Here.Piece = T.Piece;
  Here.Offset = T.Offset;

  if (U.New->name(P) == kImageStateSymbol) { // each image has one, and it is the runtime's
    Binding B;
    B.Name = kImageStateSymbol;
    B.Hidden = true;
    B.ImportKind = uint32_t(ImportKind::kVariable);
    B.Offset = T.Offset;
    return B;
  }
  if (P.Kind == PieceKind::Function && (U.State[T.Piece].Kind == Change::Added || T.Offset != 0 || isNamelessCode(P)))
    return Here;
  if (P.Kind == PieceKind::Constant && !isImportableConstant(S, Unit, T.Piece))
    return Here;
  if (P.Kind != PieceKind::Function && !isData(P.Kind))
    return Here;
  if (uint32_t Old = U.Match.ToOld[T.Piece]; Old != None && U.Old->Pieces[Old].NameSymbol != None)
    return importOld(*U.Old, Old, T.Offset);
  if (auto From = U.MovedFrom.find(T.Piece); From != U.MovedFrom.end())
    return importOld(*S.Units[From->second.Unit].Old, From->second.Piece, T.Offset);
  if (!P.Comdat || !P.Writable || P.Local)
    return Here;
  if (std::optional<Moved> Old = findOldVariable(S, U.New->name(P)))
    return importOld(*S.Units[Old->Unit].Old, Old->Piece, T.Offset);
  const Moved &First = S.NewGlobals.find(U.New->name(P))->second.front();
  Here.Unit = First.Unit;
  Here.Piece = First.Piece;
  return Here;
}

namespace {

class Closure {
public:
  explicit Closure(Session &S) : S(S) {}

  Error run() {
    addRoots();
    if (Error E = addReinits())
      return E;
    while (!Work.empty()) {
      auto [Unit, Piece] = Work.back();
      Work.pop_back();
      if (Error E = visit(Unit, Piece))
        return E;
    }
    return loadOldCopies();
  }

private:
  Session &S;
  std::vector<std::pair<uint32_t, uint32_t>> Work;

  // The linker kept one copy of an affected COMDAT function, perhaps one from a unit that did not change.
  Error loadOldCopies() {
    for (uint32_t I = 0; I < S.Units.size(); ++I) {
      if (!S.Units[I].Old)
        continue;
      const Object &Old = *S.Units[I].Old;
      std::vector<uint32_t> Affected = S.Units[I].Removed;
      for (uint32_t P = 0; P < Old.Pieces.size(); ++P)
        if (uint32_t New = S.Units[I].Match.ToNew[P]; New != None && S.Units[I].State[New].Kind != Change::Same)
          Affected.push_back(P);
      for (uint32_t P : Affected)
        if (Old.Pieces[P].Kind == PieceKind::Function && Old.Pieces[P].Comdat)
          if (Error E = loadUnitsThatDefine(S, Old.name(Old.Pieces[P])))
            return E;
    }
    return Error::success();
  }

  void include(uint32_t Unit, uint32_t Piece, const Twine &Why) {
    UnitPair &U = S.Units[Unit];
    PieceState &State = U.State[Piece];
    U.Touched = true;
    if (State.Included)
      return;
    State.Included = true;
    State.Why = Why.str();
    // A reference into the middle of a function that is the same: its body comes along, so it is replaced.
    const wfdiff::Piece &P = U.New->Pieces[Piece];
    if (P.Kind == PieceKind::Function && !isNamelessCode(P) && State.Kind == Change::Same)
      State.Kind = Change::Replaced;
    Work.push_back({Unit, Piece});
  }

  void addRoots() {
    for (uint32_t I = 0; I < S.Units.size(); ++I) {
      UnitPair &U = S.Units[I];
      for (uint32_t P = 0; P < U.State.size(); ++P) {
        if (U.State[P].Included)
          Work.push_back({I, P});
        const Piece &New = U.New->Pieces[P];
        // New data with linkage: a later update may refer to it even if this one does not.
        if (!U.Identical && isData(New.Kind) && !New.Local && !New.Comdat && U.Match.ToOld[P] == None &&
            !U.MovedFrom.count(P))
          include(I, P, "new data");
        if (New.Kind == PieceKind::Constant && S.ChangedConstants.count(U.New->name(New).str()) &&
            U.ChangedData.count(P))
          include(I, P, "changed constant");
      }
    }
  }

  // The initial value of a --reinit variable refers to things, but the variable itself stays where it is.
  Error addReinits() {
    for (uint32_t I = 0; I < S.Units.size(); ++I)
      for (const auto &[P, D] : S.Units[I].ChangedData) {
        const Object &New = *S.Units[I].New;
        if (isNamed(S.Opts.Reinit, New.name(New.Pieces[P])))
          if (Error E = followAll(I, P))
            return E;
      }
    return Error::success();
  }

  Error followAll(uint32_t Unit, uint32_t Piece) {
    const Object &New = *S.Units[Unit].New;
    const wfdiff::Piece &P = New.Pieces[Piece];
    for (size_t I = 0; I < P.RelocationCount; ++I)
      if (Error E = follow(Unit, New.relocations(P)[I], New.targets(P)[I], New.label(P)))
        return E;
    return Error::success();
  }

  Error follow(uint32_t Unit, const Relocation &R, const Target &T, const std::string &User) {
    const UnitPair &U = S.Units[Unit];
    if (T.Piece != None) {
      const Piece &P = U.New->Pieces[T.Piece];
      if (P.Comdat && P.Writable && isData(P.Kind) && U.Match.ToOld[T.Piece] == None)
        if (Error E = loadUnitsThatDefine(S, U.New->name(P)))
          return E;
    }
    Binding B = bind(S, Unit, R, T);
    if (B.K == Binding::Included)
      include(B.Unit, B.Piece, "used by " + User);
    return Error::success();
  }

  Error visit(uint32_t Unit, uint32_t Piece) {
    // Loading fills units, but never moves or frees a loaded object.
    const Object &New = *S.Units[Unit].New;
    const wfdiff::Piece &P = New.Pieces[Piece];
    std::string User = New.label(P);
    if (Error E = followAll(Unit, Piece))
      return E;
    for (uint32_t Part : P.Parts)
      include(Unit, Part, "split part of " + User);
    for (uint32_t F : P.Fdes)
      for (const FrameEntry *E : {&New.Fdes[F], &New.Cies[New.Fdes[F].Cie]})
        for (size_t I = 0; I < E->RelocationCount; ++I)
          if (New.targets(*E)[I].Piece != Piece)
            if (Error Failed = follow(Unit, New.relocations(*E)[I], New.targets(*E)[I], User))
              return Failed;
    return Error::success();
  }
};

} // namespace

Error closeOver(Session &S) { return Closure(S).run(); }

} // namespace wfdiff
