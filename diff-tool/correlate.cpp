// Correlation decides what the update leaves alone, so a wrong pair is worse than none: an unmatched function is removed
// and added, an unmatched variable is new (and checks.cpp sees whether state is lost), but a wrong pair silently redirects
// one function to another's body, or binds new code to another variable's state.
//
//   1. Names that no compiler numbers, and numbered ones whose base occurs once on either side: by base name.  That covers
//      renumbered suffixes and symbols that changed between local and global.
//      Names that mention closures or nameless types only if these are the same ones (local_entities.cpp).
//   2. Several of one base (same-named static locals, duplicates in `ld -r` objects): functions by identical
//      content first, then by name if neither side gained or lost a member; variables by use.
//   3. What got or lost external linkage, which alters the name of a C++ symbol.
//   4. Variables with local linkage left over, renamed ones that is: if size, section kind and content agree, every use of
//      one has a counterpart in the other's, at the same place or in the same code, and the pair is each other's only candidate.
//
// A *use* of a variable is a reference from a correlated function, with its position among that function's references and
// the code around it: `lea n; mov $1, %edi` and `lea n.1; mov $2, %edi` tell two variables apart where suffixes do not
// (clang numbers them in the order in which it emits them: one more static local in front shifts them all).  It also shifts
// positions, so if a member came or went, only the code around all of its uses counts, up to the next jump or
// return (what lies behind that is another place's).  Where use does not decide, names do if neither
// side gained or lost a member; else the variables stay apart, and checks.cpp refuses the state that would be lost.  The
// guard of a static local goes where its variable goes.  Anonymous pieces are never correlated: comparison looks at their
// content.
#include "diff-tool/correlate.h"

#include "diff-tool/mangled_name.h"

#include "llvm/ADT/Hashing.h"

using namespace llvm;

namespace wfdiff {

namespace {

enum class Family { Function, Data, Other };

Family family(PieceKind K) {
  return K == PieceKind::Function ? Family::Function : isData(K) ? Family::Data : Family::Other;
}

// The code on either side of a field: opcode and ModRM; what follows.
struct Context {
  std::vector<uint8_t> Before, After;
};

struct Use {
  uint32_t User, Position;
  std::optional<Context> Around = {}; // once it was asked for
};
using Uses = std::map<uint32_t, std::vector<Use>>; // by piece

Uses usesOf(const Object &O) {
  Uses Result;
  for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
    const Piece &P = O.Pieces[I];
    for (uint32_t K = 0; K < P.RelocationCount; ++K)
      if (uint32_t Target = O.targets(P)[K].Piece; Target != None && isData(O.Pieces[Target].Kind))
        Result[Target].push_back({I, K});
  }
  return Result;
}

// Where the code of a place in the source ends: behind a jump or a return there is that of another place, and what a function
// restores before it returns depends on all of it.
bool endsPlace(ArrayRef<uint8_t> Instruction) {
  auto Is = [&](std::initializer_list<uint8_t> Begin) { return Instruction.take_front(Begin.size()) == ArrayRef(Begin); };
  if ((Instruction[0] & 0xf8) == 0x58 || (Instruction.size() == 2 && Instruction[0] == 0x41 && (Instruction[1] & 0xf8) == 0x58))
    return true; // pop
  if (Is({0x48, 0x83, 0xc4}) || Is({0x48, 0x81, 0xc4}) || Is({0xc9}))
    return true; // add $..., %rsp; leave
  return Is({0xc3}) || Is({0xc2}) || Is({0xe9}) || Is({0xeb}) || // ret, jmp
         (Is({0xff}) && Instruction.size() > 1 && (Instruction[1] >> 3 & 7) == 4);
}

// Six bytes behind the field, or less where the place ends before.  RELA fields hold zero, so that neighbouring references
// do not disturb.
Context contextOf(const Object &O, Decoder &Decode, const Use &U) {
  constexpr uint64_t Width = 6;
  const Piece &P = O.Pieces[U.User];
  ArrayRef<uint8_t> Bytes = O.bytes(P);
  if (Bytes.empty())
    return {};
  uint64_t Field = O.relocations(P)[U.Position].Offset - P.Offset;
  uint64_t End = std::min<uint64_t>(Field + 4 + Width, Bytes.size());
  for (uint64_t At = Field; O.isCode(P) && At < End;) {
    Decoder::Extent E = Decode.instructionAt(O, P, At);
    if (E.Length == 0)
      break;
    if (E.Begin > Field && endsPlace(Bytes.slice(E.Begin, E.Length)))
      End = std::min(End, E.Begin);
    At = E.Begin + E.Length;
  }
  Context Result;
  Result.Before = Bytes.slice(Field < 2 ? 0 : Field - 2, Field < 2 ? Field : 2).vec();
  if (Field + 4 < End)
    Result.After = Bytes.slice(Field + 4, End - Field - 4).vec();
  return Result;
}

class Correlator {
public:
  Correlator(const Object &Old, const Object &New, Decoder &Decode) : Old(Old), New(New), Decode(Decode) {
    Result.ToNew.assign(Old.Pieces.size(), None);
    Result.ToOld.assign(New.Pieces.size(), None);
  }

  Correlation run() {
    Result.Entities = pairEntities(Old, New, [this](const Object &O, const Piece &P) { return size_t(fingerprint(O, P)); });
    matchFamily(Family::Function);
    matchParts();
    OldUses = usesOf(Old);
    NewUses = usesOf(New);
    matchFamily(Family::Data);
    matchRenamedVariables();
    matchGuards();
    return std::move(Result);
  }

private:
  const Object &Old, &New;
  Decoder &Decode;
  Correlation Result;
  Uses OldUses, NewUses;

  using Group = std::pair<std::vector<uint32_t>, std::vector<uint32_t>>;

  std::string groupName(const Object &O, const Piece &P) const {
    // A numeric suffix is the compiler's on local symbols, and on what LTO promoted.
    return nameWithoutNumber(O, P).first;
  }

  // And the number that a macro made of __LINE__ or __COUNTER__, or None.
  std::pair<std::string, uint64_t> nameWithoutNumber(const Object &O, const Piece &P) const {
    std::pair<std::string, uint64_t> Result{baseName(O.name(P), P.Local), None};
    if (Old.Info.HasNumbered && New.Info.HasNumbered && !O.Info.Numbered.empty())
      Result.first = withoutLineNumbers(std::move(Result.first), O.Info.Numbered, Result.second);
    return Result;
  }

  static bool isGuard(const Object &O, const Piece &P) { return O.ByName.count(guardedBy(O.name(P))); }

  void collect(const Object &O, Family F, std::map<std::string, Group> &Groups, bool IsNew) {
    for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
      const Piece &P = O.Pieces[I];
      if (family(P.Kind) != F || P.NameSymbol == None || isGuard(O, P))
        continue;
      Group &G = Groups[groupName(O, P) + Result.Entities.mentioned(O.name(P), IsNew)];
      (IsNew ? G.second : G.first).push_back(I);
    }
  }

  void matchFamily(Family F) {
    std::map<std::string, Group> Groups;
    collect(Old, F, Groups, false);
    collect(New, F, Groups, true);
    for (auto &[Name, G] : Groups) {
      sortByNumber(Old, G.first);
      sortByNumber(New, G.second);
      if (G.first.size() == 1 && G.second.size() == 1)
        Result.match(G.first[0], G.second[0]);
      else if (F == Family::Function)
        matchFunctionGroup(G);
      else
        matchDataGroup(G);
    }
    matchAliases(F);
    matchLinkageFlips(F);
  }

  // `static int n` -> `int n`: `_ZL1n` -> `n`.  In C the name stays.
  void matchLinkageFlips(Family F) {
    auto Find = [&](const Object &From, const std::vector<uint32_t> &Map, const Object &To, auto Match) {
      for (uint32_t I = 0; I < From.Pieces.size(); ++I) {
        const Piece &P = From.Pieces[I];
        if (family(P.Kind) != F || !P.Local || P.NameSymbol == None || Map[I] != None || isNumbered(From.name(P)))
          continue;
        auto Found = To.ByName.find(externalName(From.name(P)));
        if (Found != To.ByName.end() && !To.Pieces[Found->second].Local && To.Pieces[Found->second].Kind == P.Kind)
          Match(I, Found->second);
      }
    };
    Find(Old, Result.ToNew, New, [&](uint32_t O, uint32_t N) { matchFree(O, N); });
    Find(New, Result.ToOld, Old, [&](uint32_t N, uint32_t O) { matchFree(O, N); });
  }

  // A piece may have several names (C1 and C2 constructors, _ZTH and __tls_init): one in common is enough.
  void matchAliases(Family F) {
    for (uint32_t I = 0; I < Old.Pieces.size(); ++I) {
      const Piece &P = Old.Pieces[I];
      if (family(P.Kind) != F || P.Symbols.size() < 2)
        continue;
      for (uint32_t Sym : P.Symbols) {
        auto Found = New.ByName.find(Old.Symbols[Sym].Name);
        StringRef Name = Old.Symbols[Sym].Name;
        if (isNumbered(Name) || nameWithoutNumber(Old, P).second != None || !Result.Entities.isSame(Name))
          continue;
        if (Old.Symbols[Sym].Value == P.Offset && Found != New.ByName.end() && family(New.Pieces[Found->second].Kind) == F)
          matchFree(I, Found->second);
      }
    }
  }

  // Content without regard to correlation: bytes outside relocated fields, and targets by name, or by their content; for code also
  // its exception tables, which may be all that tells two functions apart.
  hash_code fingerprint(const Object &O, const Piece &P, unsigned Depth = 0) const {
    constexpr unsigned Deepest = 4; // a table of tables of strings
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
      else if (Depth < Deepest)
        H = hash_combine(H, fingerprint(O, T, Depth + 1));
    }
    for (uint32_t F : P.Fdes)
      for (const Target &T : O.targets(O.Fdes[F]))
        if (T.Piece != None && O.Pieces[T.Piece].Kind == PieceKind::Lsda)
          H = hash_combine(H, fingerprint(O, O.Pieces[T.Piece], Depth + 1));
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
    std::vector<uint32_t> Left;
    llvm::copy_if(G.second, std::back_inserter(Left), [&](uint32_t N) { return Result.ToOld[N] == None; });
    for (uint32_t O : G.first)
      if (!Left.empty() && Result.ToNew[O] == None && nameWithoutNumber(Old, Old.Pieces[O]).second != None)
        Result.Ambiguous[O] = Left;
  }

  void matchFree(uint32_t O, uint32_t N) {
    if (Result.ToNew[O] == None && Result.ToOld[N] == None)
      Result.match(O, N);
  }

  void matchSameNames(const Group &G) {
    for (uint32_t O : G.first)
      for (uint32_t N : G.second)
        if (sameName(G, O, N))
          matchFree(O, N);
  }

  // Numbers of lines and counters grow from place to place, and are another place's in the next version: of as many, they
  // tell which is the first.
  bool sameName(const Group &G, uint32_t O, uint32_t N) const {
    if (Old.Info.Numbered.empty() || nameWithoutNumber(Old, Old.Pieces[O]).second == None)
      return Old.name(Old.Pieces[O]) == New.name(New.Pieces[N]);
    return G.first.size() == G.second.size() && find(G.first, O) - G.first.begin() == find(G.second, N) - G.second.begin();
  }

  void sortByNumber(const Object &O, std::vector<uint32_t> &Members) const {
    if (Members.size() > 1 && !O.Info.Numbered.empty())
      llvm::stable_sort(Members, [&](uint32_t A, uint32_t B) {
        return nameWithoutNumber(O, O.Pieces[A]).second < nameWithoutNumber(O, O.Pieces[B]).second;
      });
  }

  const Context &around(const Object &O, Use &U) {
    if (!U.Around)
      U.Around = contextOf(O, Decode, U);
    return *U.Around;
  }

  // How alike two uses are; 0 if they are in functions that are not the same.
  static constexpr unsigned Placed = 2, SameBefore = 3, SameAfter = 6;
  unsigned likeness(Use &O, Use &N, bool ByPlace) {
    if (Result.ToNew[O.User] != N.User)
      return 0;
    const Context &A = around(Old, O), &B = around(New, N);
    return 1 + Placed * (ByPlace && O.Position == N.Position) + SameBefore * (A.Before == B.Before) + SameAfter * (A.After == B.After);
  }

  struct Likeness {
    unsigned Score = 0;
    bool Complete = false;   // every use has a counterpart in the same code or at the same place
    bool InSameCode = false; // every use has one in the same code
  };

  Likeness compareUses(uint32_t O, uint32_t N, bool ByPlace = true) {
    const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
    auto OldFound = OldUses.find(O);
    auto NewFound = NewUses.find(N);
    if (A.Kind != B.Kind || A.Size != B.Size || OldFound == OldUses.end() || NewFound == NewUses.end())
      return {};
    Likeness Total;
    Total.Complete = Total.InSameCode = OldFound->second.size() == NewFound->second.size();
    std::vector<bool> Taken(NewFound->second.size());
    for (Use &X : OldFound->second) {
      unsigned Best = 0;
      size_t At = 0;
      for (size_t I = 0; I < Taken.size(); ++I)
        if (unsigned L = Taken[I] ? 0 : likeness(X, NewFound->second[I], ByPlace); L > Best) {
          Best = L;
          At = I;
        }
      if (Best)
        Taken[At] = true;
      Total.Complete = Total.Complete && Best >= 1 + Placed + SameBefore; // and the same operation
      Total.InSameCode = Total.InSameCode && Best >= 1 + SameBefore + SameAfter;
      Total.Score += Best;
    }
    return Total;
  }

  void matchDataGroup(Group &G) {
    struct Candidate {
      unsigned Score;
      uint32_t O, N;
    };
    const bool SameCount = G.first.size() == G.second.size();
    std::vector<Candidate> All;
    for (uint32_t O : G.first)
      for (uint32_t N : G.second)
        if (Likeness L = compareUses(O, N, SameCount); L.InSameCode || (SameCount && L.Complete))
          All.push_back({L.Score, O, N});
    auto IsFree = [&](const Candidate &C) { return Result.ToNew[C.O] == None && Result.ToOld[C.N] == None; };
    auto SameName = [&](const Candidate &C) { return sameName(G, C.O, C.N); };
    while (true) {
      llvm::erase_if(All, [&](const Candidate &C) { return !IsFree(C); });
      if (All.empty())
        break;
      unsigned Best = 0;
      for (const Candidate &C : All)
        Best = std::max(Best, C.Score);
      // A pair at the top that shares no member with another pair at the top is certain; else the name decides, if it may.
      const Candidate *Choice = nullptr;
      for (const Candidate &C : All) {
        bool Rival = any_of(All, [&](const Candidate &D) {
          return D.Score == Best && (D.O == C.O) != (D.N == C.N);
        });
        if (C.Score == Best && (!Rival || (SameCount && SameName(C)))) {
          Choice = &C;
          break;
        }
      }
      if (!Choice)
        break;
      Result.match(Choice->O, Choice->N);
    }
    if (SameCount && All.empty())
      matchSameNames(G);
  }

  void matchRenamedVariables() {
    auto Candidates = [](const std::vector<uint32_t> &Map, const Object &O) {
      std::vector<uint32_t> Result;
      for (uint32_t I = 0; I < O.Pieces.size(); ++I)
        if (const Piece &P = O.Pieces[I]; Map[I] == None && P.NameSymbol != None && P.Local && !isGuard(O, P) &&
                                          (P.Kind == PieceKind::Variable || P.Kind == PieceKind::ThreadLocal))
          Result.push_back(I);
      return Result;
    };
    std::map<uint32_t, std::vector<uint32_t>> OldTo, NewTo;
    const std::vector<uint32_t> Fresh = Candidates(Result.ToOld, New);
    for (uint32_t O : Candidates(Result.ToNew, Old))
      for (uint32_t N : Fresh)
        if (compareUses(O, N).Complete && Old.bytes(Old.Pieces[O]) == New.bytes(New.Pieces[N])) {
          OldTo[O].push_back(N);
          NewTo[N].push_back(O);
        }
    for (auto &[O, Only] : OldTo)
      if (Only.size() == 1 && NewTo[Only[0]].size() == 1)
        Result.match(O, Only[0]);
  }

  void matchGuards() {
    for (uint32_t I = 0; I < Old.Pieces.size(); ++I) {
      const Piece &P = Old.Pieces[I];
      if (!isData(P.Kind) || P.NameSymbol == None || Result.ToNew[I] == None)
        continue;
      auto OldGuard = Old.ByName.find(guardOf(Old.name(P)));
      auto NewGuard = New.ByName.find(guardOf(New.name(New.Pieces[Result.ToNew[I]])));
      if (OldGuard != Old.ByName.end() && NewGuard != New.ByName.end())
        matchFree(OldGuard->second, NewGuard->second);
    }
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

Correlation correlate(const Object &Old, const Object &New, Decoder &Decode) { return Correlator(Old, New, Decode).run(); }

void correlateMoved(Session &S) {
  // Exactly one unmatched definition of the name on either side; COMDAT copies do not move, they come and go.
  auto Free = [](const Object &O, const std::vector<uint32_t> &Map, uint32_t I) {
    const Piece &P = O.Pieces[I];
    bool Movable = P.Kind == PieceKind::Function || isData(P.Kind);
    return Movable && !P.Local && !P.Comdat && P.NameSymbol != None && Map[I] == None && !isNumbered(O.name(P));
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
