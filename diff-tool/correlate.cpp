// Correlation decides what the update leaves alone, so a wrong pair is worse than none: an unmatched function is removed
// and added, an unmatched variable is new (and checks.cpp sees whether state is lost), but a wrong pair silently redirects
// one function to another's body, or binds new code to another variable's state.
//
//   1. Names that no compiler numbers, and numbered ones whose base occurs once on either side: by base name.  That covers
//      renumbered suffixes and symbols that changed between local and global.
//   2. Several of one base (closures, same-named static locals, duplicates in `ld -r` objects): functions by identical
//      content first, then by name if neither side gained or lost a member; variables by use.
//   3. Variables with local linkage left over, renamed ones that is: by use, if size, section kind and content agree and
//      the pair is each other's only candidate.
//
// *Use* of a variable is the list of (correlated function, position among that function's references).  Anonymous pieces
// are never correlated: comparison looks at their content.
#include "diff-tool/correlate.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace wfdiff {

bool isNumbered(StringRef Name) { return Name.contains("$_") || Name.contains("Ul") || Name.contains("Ut"); }

static std::string withoutOrdinals(StringRef Name) {
  // `$_12` -> `$_`; the ordinal of `UlvE12_` and `Ut12_` -> nothing.
  std::string Out;
  for (size_t I = 0; I < Name.size();) {
    bool AfterDollar = StringRef(Out).ends_with("$_");
    bool AfterClosure = StringRef(Out).ends_with("E") || StringRef(Out).ends_with("Ut");
    if ((AfterDollar || AfterClosure) && isDigit(Name[I])) {
      size_t End = I;
      while (End < Name.size() && isDigit(Name[End]))
        ++End;
      if (AfterDollar || (End < Name.size() && Name[End] == '_')) {
        I = End;
        continue;
      }
    }
    Out += Name[I++];
  }
  return Out;
}

std::string baseName(StringRef Name, bool Local) {
  size_t Llvm = Name.find(".llvm.");
  if (Llvm != StringRef::npos)
    Name = Name.take_front(Llvm);
  while (Local) {
    size_t Dot = Name.rfind('.');
    if (Dot == StringRef::npos || Dot == 0 || Dot + 1 == Name.size() || !all_of(Name.drop_front(Dot + 1), isDigit))
      break;
    Name = Name.take_front(Dot);
  }
  return isNumbered(Name) ? withoutOrdinals(Name) : Name.str();
}

namespace {

enum class Family { Function, Data, Other };

Family family(PieceKind K) {
  return K == PieceKind::Function ? Family::Function : isData(K) ? Family::Data : Family::Other;
}

// The order in which a function refers to things; uses of one variable.
using Uses = std::map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>>; // piece -> (user, position)

Uses usesOf(const Object &O) {
  Uses Result;
  for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
    uint32_t Position = 0;
    for (const Target &T : O.targets(O.Pieces[I])) {
      if (T.Piece != None && isData(O.Pieces[T.Piece].Kind))
        Result[T.Piece].push_back({I, Position});
      ++Position;
    }
  }
  return Result;
}

class Correlator {
public:
  Correlator(const Object &Old, const Object &New) : Old(Old), New(New) {
    Result.ToNew.assign(Old.Pieces.size(), None);
    Result.ToOld.assign(New.Pieces.size(), None);
  }

  Correlation run() {
    matchFamily(Family::Function);
    matchParts();
    OldUses = usesOf(Old);
    NewUses = usesOf(New);
    matchFamily(Family::Data);
    matchRenamedVariables();
    return std::move(Result);
  }

private:
  const Object &Old, &New;
  Correlation Result;
  Uses OldUses, NewUses;

  using Group = std::pair<std::vector<uint32_t>, std::vector<uint32_t>>;

  static std::string groupName(const Object &O, const Piece &P) {
    // A numeric suffix is the compiler's on local symbols, and on what LTO promoted.
    return baseName(O.name(P), P.Local);
  }

  void collect(const Object &O, Family F, std::map<std::string, Group> &Groups, bool IsNew) {
    for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
      const Piece &P = O.Pieces[I];
      if (family(P.Kind) != F || P.NameSymbol == None)
        continue;
      Group &G = Groups[groupName(O, P)];
      (IsNew ? G.second : G.first).push_back(I);
    }
  }

  void matchFamily(Family F) {
    std::map<std::string, Group> Groups;
    collect(Old, F, Groups, false);
    collect(New, F, Groups, true);
    for (auto &[Name, G] : Groups) {
      bool Closures = isNumbered(Name);
      if (G.first.size() == 1 && G.second.size() == 1)
        Result.match(G.first[0], G.second[0]);
      else if (F == Family::Function)
        matchFunctionGroup(G);
      else
        matchDataGroup(G, Closures);
    }
  }

  // Content without regard to correlation: bytes outside relocated fields, and targets by name or size.
  hash_code fingerprint(const Object &O, const Piece &P) const {
    hash_code H = hash_value(P.Size);
    ArrayRef<uint8_t> Bytes = O.bytes(P);
    H = hash_combine(H, hash_combine_range(Bytes.begin(), Bytes.end()));
    ArrayRef<Relocation> Relocations = O.relocations(P);
    ArrayRef<Target> Targets = O.targets(P);
    for (size_t I = 0; I < Relocations.size(); ++I) {
      H = hash_combine(H, Relocations[I].Offset - P.Offset, Targets[I].Offset);
      if (Targets[I].Piece == None) {
        H = hash_combine(H, O.Symbols[Targets[I].Symbol].Name);
        continue;
      }
      const Piece &T = O.Pieces[Targets[I].Piece];
      if (T.NameSymbol != None && T.Kind != PieceKind::Anonymous)
        H = hash_combine(H, groupName(O, T));
      else if (T.RelocationCount == 0) {
        ArrayRef<uint8_t> Content = O.bytes(T);
        H = hash_combine(H, hash_combine_range(Content.begin(), Content.end()));
      }
    }
    return H;
  }

  void matchFunctionGroup(Group &G) {
    // Identical content that is unique on both sides; among equals the same name.
    std::map<size_t, Group> ByContent;
    for (uint32_t P : G.first)
      ByContent[size_t(fingerprint(Old, Old.Pieces[P]))].first.push_back(P);
    for (uint32_t P : G.second)
      ByContent[size_t(fingerprint(New, New.Pieces[P]))].second.push_back(P);
    for (auto &[Hash, Same] : ByContent) {
      matchSameNames(Same);
      if (Same.first.size() == 1 && Same.second.size() == 1)
        matchFree(Same.first[0], Same.second[0]);
    }
    // What remains differs.  Trust the numbers only if no member came or went.
    if (G.first.size() == G.second.size())
      matchSameNames(G);
  }

  void matchFree(uint32_t O, uint32_t N) {
    if (Result.ToNew[O] == None && Result.ToOld[N] == None)
      Result.match(O, N);
  }

  void matchSameNames(const Group &G) {
    for (uint32_t O : G.first)
      for (uint32_t N : G.second)
        if (Old.name(Old.Pieces[O]) == New.name(New.Pieces[N]))
          matchFree(O, N);
  }

  // How many references to `O` and to `N` stand at the same place of correlated functions.
  unsigned commonUses(uint32_t O, uint32_t N, bool AtSamePosition) const {
    auto OldFound = OldUses.find(O);
    auto NewFound = NewUses.find(N);
    if (OldFound == OldUses.end() || NewFound == NewUses.end())
      return 0;
    unsigned Common = 0;
    for (auto [OldUser, OldAt] : OldFound->second)
      for (auto [NewUser, NewAt] : NewFound->second)
        if (Result.ToNew[OldUser] == NewUser && (!AtSamePosition || OldAt == NewAt)) {
          ++Common;
          break;
        }
    return Common;
  }

  unsigned score(uint32_t O, uint32_t N) const {
    const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
    if (A.Kind != B.Kind || A.Size != B.Size)
      return 0;
    return 4 * commonUses(O, N, true) + 2 * commonUses(O, N, false);
  }

  void matchDataGroup(Group &G, bool Closures) {
    // Best score first; the name breaks ties.
    std::vector<std::tuple<unsigned, bool, uint32_t, uint32_t>> Candidates;
    for (uint32_t O : G.first)
      for (uint32_t N : G.second)
        if (unsigned Score = score(O, N))
          Candidates.push_back({Score, Old.name(Old.Pieces[O]) == New.name(New.Pieces[N]), O, N});
    llvm::stable_sort(Candidates, [](const auto &A, const auto &B) {
      return std::tie(std::get<0>(A), std::get<1>(A)) > std::tie(std::get<0>(B), std::get<1>(B));
    });
    for (auto &[Score, SameName, O, N] : Candidates)
      matchFree(O, N);
    if (!Closures || G.first.size() == G.second.size())
      matchSameNames(G);
  }

  void matchRenamedVariables() {
    auto Candidate = [](const Correlation &C, const std::vector<uint32_t> &Map, const Object &O, uint32_t I) {
      const Piece &P = O.Pieces[I];
      return Map[I] == None && P.NameSymbol != None && P.Local &&
             (P.Kind == PieceKind::Variable || P.Kind == PieceKind::ThreadLocal);
    };
    std::map<uint32_t, std::vector<uint32_t>> OldTo, NewTo;
    for (uint32_t O = 0; O < Old.Pieces.size(); ++O)
      for (uint32_t N = 0; Candidate(Result, Result.ToNew, Old, O) && N < New.Pieces.size(); ++N)
        if (Candidate(Result, Result.ToOld, New, N) && commonUses(O, N, true) && score(O, N) &&
            Old.bytes(Old.Pieces[O]) == New.bytes(New.Pieces[N])) {
          OldTo[O].push_back(N);
          NewTo[N].push_back(O);
        }
    for (auto &[O, Candidates] : OldTo)
      if (Candidates.size() == 1 && NewTo[Candidates[0]].size() == 1)
        Result.match(O, Candidates[0]);
  }

  void matchParts() {
    for (uint32_t I = 0; I < Old.Pieces.size(); ++I) {
      uint32_t J = Result.ToNew[I];
      if (J == None)
        continue;
      const std::vector<uint32_t> &A = Old.Pieces[I].Parts, &B = New.Pieces[J].Parts;
      for (size_t K = 0; A.size() == B.size() && K < A.size(); ++K)
        Result.match(A[K], B[K]);
    }
  }
};

} // namespace

Correlation correlate(const Object &Old, const Object &New) { return Correlator(Old, New).run(); }

void correlateMoved(Session &S) {
  // Exactly one unmatched definition of the name on either side; COMDAT copies do not move, they come and go.
  auto Free = [](const Object &O, const std::vector<uint32_t> &Map, uint32_t I) {
    const Piece &P = O.Pieces[I];
    bool Movable = P.Kind == PieceKind::Function || isData(P.Kind);
    return Movable && !P.Local && !P.Comdat && P.NameSymbol != None && Map[I] == None;
  };
  StringMap<std::pair<std::vector<Moved>, std::vector<Moved>>> ByName;
  for (uint32_t U = 0; U < S.Units.size(); ++U) {
    UnitPair &Unit = S.Units[U];
    for (uint32_t I = 0; Unit.Old && I < Unit.Old->Pieces.size(); ++I)
      if (Free(*Unit.Old, Unit.Match.ToNew, I))
        ByName[Unit.Old->name(Unit.Old->Pieces[I])].first.push_back({U, I});
    for (uint32_t I = 0; Unit.New && I < Unit.New->Pieces.size(); ++I)
      if (Free(*Unit.New, Unit.Match.ToOld, I))
        ByName[Unit.New->name(Unit.New->Pieces[I])].second.push_back({U, I});
  }
  for (auto &Entry : ByName) {
    auto &[From, To] = Entry.second;
    if (From.size() != 1 || To.size() != 1)
      continue;
    const Piece &Old = S.Units[From[0].Unit].Old->Pieces[From[0].Piece];
    const Piece &New = S.Units[To[0].Unit].New->Pieces[To[0].Piece];
    if ((Old.Kind == PieceKind::Function) != (New.Kind == PieceKind::Function))
      continue;
    S.Units[To[0].Unit].MovedFrom[To[0].Piece] = From[0];
    S.Units[From[0].Unit].MovedTo[From[0].Piece] = To[0];
  }
}

} // namespace wfdiff
