// The compare pass: a verdict for every function of every unit that is not equal byte by byte.
#include "diff-tool/compare.h"
#include "diff-tool/correlate.h"
#include "diff-tool/line_noise.h"
#include "diff-tool/passes.h"

using namespace llvm;

namespace wfdiff {

static void markFunction(UnitPair &U, uint32_t Piece, Change Kind, std::string Why) {
  PieceState &State = U.State[Piece];
  State.Kind = Kind;
  State.Included = true;
  State.Why = std::move(Why);
  U.Touched = true;
}

// Of -flto: gcc's, and of -ffat-lto-objects.
bool holdsIntermediateCode(const Object &O) {
  return any_of(O.Sections, [](const Section &S) { return S.Name.starts_with(".gnu.lto_") || S.Name.starts_with(".llvm.lto"); });
}

static void compareUnit(Session &S, UnitPair &U) {
  std::optional<Comparer> Compare, CompareState; // apart: they remember what they found equal, each in its own sense
  if (U.Old && U.New) {
    Compare.emplace(*U.Old, *U.New, U.Match, S.Decode);
    Compare->setLinePairs(linePairs(U.Old->Info, U.New->Info));
    CompareState.emplace(*U.Old, *U.New, U.Match, S.Decode);
    CompareState->setConstantsByName();
  }
  for (uint32_t I = 0; U.New && I < U.New->Pieces.size(); ++I) {
    if (isData(U.New->Pieces[I].Kind) && U.Match.ToOld[I] != None) {
      Comparer &Sense = U.New->Pieces[I].Kind == PieceKind::Constant ? *Compare : *CompareState;
      if (std::optional<Difference> D = Sense.compare(U.Match.ToOld[I], I))
        U.ChangedData[I] = *D;
    }
    if (U.New->Pieces[I].Kind != PieceKind::Function || isNamelessCode(U.New->Pieces[I]))
      continue;
    if (U.MovedFrom.count(I)) {
      markFunction(U, I, Change::Replaced, "moved here from " + S.Units[U.MovedFrom[I].Unit].Path);
      S.Units[U.MovedFrom[I].Unit].Touched = true;
    } else if (U.Match.ToOld[I] == None) {
      markFunction(U, I, Change::Added, U.Old ? "only in NEW" : "in a unit that only NEW has");
    } else if (std::optional<Difference> D = Compare->compare(U.Match.ToOld[I], I)) {
      markFunction(U, I, Change::Replaced, D->What);
      U.State[I].First = D;
    }
  }
  for (uint32_t I = 0; U.Old && I < U.Old->Pieces.size(); ++I)
    if (U.Old->Pieces[I].Kind == PieceKind::Function && !isNamelessCode(U.Old->Pieces[I]) && U.Match.ToNew[I] == None &&
        !U.MovedTo.count(I)) {
      U.Removed.push_back(I);
      U.Touched = true;
    }
  for (const Object *O : {U.Old.get(), U.New.get()})
    U.Touched |= O && !U.Identical && holdsIntermediateCode(*O); // what it comes to shows when the program is linked
}

// Data that moved here, against what it was there.  Names with linkage mean the same in both units; local ones do not.
static void compareMoved(Session &S, UnitPair &U) {
  std::map<uint32_t, std::pair<Correlation, std::optional<Comparer>>> Units;
  for (const auto &[New, From] : U.MovedFrom) {
    if (!isData(U.New->Pieces[New].Kind))
      continue;
    const Object &Old = *S.Units[From.Unit].Old;
    auto &[Match, Compare] = Units[From.Unit];
    if (!Compare) {
      Match = correlate(Old, *U.New, S.Decode);
      for (uint32_t I = 0; I < Old.Pieces.size(); ++I)
        if (uint32_t J = Match.ToNew[I]; J != None && (Old.Pieces[I].Local || U.New->Pieces[J].Local))
          Match.ToNew[I] = Match.ToOld[J] = None;
      Compare.emplace(Old, *U.New, Match, S.Decode);
    }
    if (std::optional<Difference> D = Compare->compare(From.Piece, New))
      U.ChangedMoved[New] = *D;
  }
}

// A constant with linkage whose content differs changes its users in other units too, whose own bytes are the same.
static Error propagateConstants(Session &S) {
  for (const UnitPair &U : S.Units)
    for (const auto &[I, D] : U.ChangedData)
      if (U.New->Pieces[I].Kind == PieceKind::Constant && !U.New->Pieces[I].Local)
        S.ChangedConstants.insert(U.New->name(U.New->Pieces[I]).str());
  for (const std::string &Name : S.ChangedConstants)
    if (Error E = loadUnitsThatUse(S, Name))
      return E;
  for (UnitPair &U : S.Units) {
    for (uint32_t I = 0; U.New && !S.ChangedConstants.empty() && I < U.New->Pieces.size(); ++I) {
      const Piece &P = U.New->Pieces[I];
      if (!U.New->isCode(P))
        continue;
      ArrayRef<Target> Targets = U.New->targets(P);
      for (size_t R = 0; R < Targets.size(); ++R) {
        const Target &T = Targets[R];
        if (T.Piece != None && U.New->Pieces[T.Piece].Local)
          continue; // a namesake
        StringRef Name = T.Piece == None ? U.New->Symbols[T.Symbol].Name : U.New->name(U.New->Pieces[T.Piece]);
        uint32_t F = P.Kind == PieceKind::FunctionPart ? P.Parent : I;
        if (!S.ChangedConstants.count(Name.str()) || U.State[F].Kind != Change::Same)
          continue;
        markFunction(U, F, Change::Replaced, ("uses the changed constant " + Name).str());
        if (U.Match.ToOld[I] != None) // nothing else differs: it is used at the same place
          U.State[F].First = Difference{U.State[F].Why, U.Match.ToOld[I], I, U.New->relocations(P)[R].Offset - P.Offset};
      }
    }
  }
  return Error::success();
}

// A unit that no longer needs its copy of an inline function does not remove the function if another unit still has one.
static Error dropCopies(Session &S) {
  for (uint32_t I = 0; I < S.Units.size(); ++I) {
    std::vector<uint32_t> Kept;
    for (uint32_t P : S.Units[I].Removed) {
      const Object &Old = *S.Units[I].Old;
      std::string Name = Old.name(Old.Pieces[P]).str();
      if (Old.Pieces[P].Comdat && !Name.empty()) {
        if (Error E = loadOneThatDefines(S, Name))
          return E;
        if (S.livesOnElsewhere(I, P))
          continue;
      }
      Kept.push_back(P);
    }
    S.Units[I].Removed = std::move(Kept);
  }
  return Error::success();
}

Error compareUnits(Session &S) {
  for (UnitPair &U : S.Units)
    if (U.Loaded && !U.Identical)
      compareUnit(S, U);
  for (UnitPair &U : S.Units)
    compareMoved(S, U);
  if (Error E = propagateConstants(S))
    return E;
  return dropCopies(S);
}

} // namespace wfdiff
