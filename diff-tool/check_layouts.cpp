// A changed type layout is refused wherever it occurs, also in units whose code is the same: objects of the old layout may
// live in globals, in the heap, and in frames of functions that need not have changed.  The exception is a type of which
// every object is a non-escaping automatic variable: such objects are seen by one function's code only.
//
// Which type is which: by key, by a typedef (a nameless struct that gets a tag), and by what holds it.  Where a variable or
// a field that stays contained, or pointed to, type A in OLD and B in NEW, the same memory is an A and then a B, whatever
// they are called.  A type that a unit did not use before is compared with what other units of OLD used under that name.
//
// The tables of a class with virtual functions belong to its layout: who calls through them goes by place, and the unit that
// emits them may be another.
//
// A layout is sizes, offsets and what the bits mean: integer, floating point, pointer to what.  Names mean nothing, except
// that a name that moved is a change (`int a, b` -> `int b, a`); nor does the sign of an integer.  void and bytes match
// whatever they point to: the program knows better.
#include "diff-tool/check_layouts.h"

#include "diff-tool/checks.h"
#include "diff-tool/mangled_name.h"

#include "format/manifest.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

namespace {

bool isInteger(StringRef Type) {
  return (Type.consume_front("i") || Type.consume_front("u")) && !Type.empty() && all_of(Type, isDigit);
}

// `array:4:`, `vec:4:`, `complex:`: the prefix before the element's type; empty if there is none.
StringRef wrapper(StringRef Type, bool Arrays = true) {
  if (Type.starts_with("complex:"))
    return Type.take_front(8);
  if ((Arrays && Type.starts_with("array:")) || Type.starts_with("vec:"))
    return Type.take_front(Type.find(':', Type.find(':') + 1) + 1);
  return "";
}

StringRef withoutArrays(StringRef Type) {
  while (Type.starts_with("array:"))
    Type = Type.drop_front(wrapper(Type).size());
  return Type;
}

// What may stand for anything.
bool isOpaque(StringRef Type) {
  return Type == "void" || Type == "i8" || Type == "u8" || Type == "bool" || Type.starts_with("bytes:");
}

std::string describe(const LayoutField *F) {
  if (!F)
    return "-";
  std::string At = F->Offset % 8 ? std::to_string(F->Offset / 8) + "." + std::to_string(F->Offset % 8)
                                 : std::to_string(F->Offset / 8);
  bool Bitfield = isInteger(F->Type) && StringRef(F->Type).drop_front() != std::to_string(F->Bits);
  return F->Name + " " + F->Type + (Bitfield ? ":" + std::to_string(F->Bits) : "") + " @" + At;
}

// The key of a type that is, or is made of, what has only a number for a name.
bool hasNamelessPart(StringRef Key) {
  return any_of(localEntities(Key), [](const LocalEntity &E) { return !E.IsClass; });
}

std::string pointerTo(StringRef To) { return "ptr to " + To.str(); }

} // namespace

TypeComparer::TypeComparer(const UnitInfo &Old, const UnitInfo &New, const EntityMap &Entities)
    : Old(index(Old)), New(index(New)) {
  std::map<std::string, std::pair<std::vector<const Layout *>, std::vector<const Layout *>>> Same;
  for (const Layout &L : Old.Layouts)
    if (!localEntities(L.Key).empty())
      Same[Entities.key(L.Key, /*IsNew=*/false)].first.push_back(&L);
  for (const Layout &L : New.Layouts)
    if (!localEntities(L.Key).empty())
      Same[Entities.key(L.Key, /*IsNew=*/true)].second.push_back(&L);
  for (auto &[Key, Layouts] : Same) {
    auto &[Olds, News] = Layouts;
    const bool Several = Olds.size() > 1 || News.size() > 1;
    for (const auto *Side : {&Olds, &News})
      for (const Layout *L : *Side)
        if (Several || hasNamelessPart(L->Key))
          Numbered.insert(L->Key);
    pairSeveral(Olds, News);
  }
}

// Several classes of one name in one function, in the order of their keys.  Which is which shows in their layouts, if anywhere:
// those that have the same are the same here.  What is left on both sides has changed.
void TypeComparer::pairSeveral(std::vector<const Layout *> &Olds, std::vector<const Layout *> &News) {
  if (Olds.size() > 1 || News.size() > 1) {
    // Comparisons note what pointers lead to; these are only trials.
    auto Kept = std::tuple(Pairs, Seen, ChangedPrototypes);
    llvm::erase_if(News, [&](const Layout *N) {
      auto O = llvm::find_if(Olds, [&](const Layout *O) { return differences(*O, *N).empty(); });
      if (O == Olds.end())
        return false;
      Counterparts[N] = *O;
      Olds.erase(O);
      return true;
    });
    std::tie(Pairs, Seen, ChangedPrototypes) = std::move(Kept);
  }
  for (size_t I = 0; I < std::min(Olds.size(), News.size()); ++I)
    Counterparts[News[I]] = Olds[I];
}

TypeComparer::Index TypeComparer::index(const UnitInfo &Info) {
  Index Result;
  for (const Layout &L : Info.Layouts)
    Result[L.Key] = &L;
  for (const Layout &L : Info.Layouts)
    for (const std::string &Name : L.Typedefs)
      Result.try_emplace(Name, &L);
  return Result;
}

const Layout *TypeComparer::find(const Index &In, StringRef Key) {
  auto Found = In.find(Key);
  return Found == In.end() ? nullptr : Found->second;
}

const Layout *TypeComparer::counterpart(const Layout &L) const {
  if (isNumbered(L.Key)) {
    auto Found = Counterparts.find(&L);
    return Found == Counterparts.end() ? nullptr : Found->second;
  }
  if (const Layout *Same = find(Old, L.Key))
    return Same;
  for (const std::string &Name : L.Typedefs)
    if (const Layout *Same = find(Old, Name))
      return Same;
  return nullptr;
}

void TypeComparer::pair(const Layout *A, const Layout *B) {
  if (A && B && Seen.insert({A, B}).second)
    Pairs.push_back({A, B});
}

bool TypeComparer::sameRecords(StringRef OldKey, StringRef NewKey) {
  if (OldKey == NewKey && !isNumbered(NewKey)) // compared for itself
    return true;
  const Layout *A = find(Old, OldKey), *B = find(New, NewKey);
  if (!A || !B)
    return false;
  if (!Inside.insert({A, B}).second)
    return true;
  bool Same = differences(*A, *B).empty();
  Inside.erase({A, B});
  return Same;
}

bool TypeComparer::sameType(StringRef A, StringRef B) {
  while (!wrapper(A).empty() && wrapper(A) == wrapper(B)) {
    size_t Size = wrapper(A).size();
    A = A.drop_front(Size);
    B = B.drop_front(Size);
  }
  if ((A == B && !A.starts_with("record:")) || (isInteger(A) && isInteger(B) && A.drop_front() == B.drop_front()))
    return true;
  return A.consume_front("record:") && B.consume_front("record:") && sameRecords(A, B);
}

bool TypeComparer::sameParameter(StringRef A, StringRef B) {
  while (A.starts_with("ptr:") && B.starts_with("ptr:")) {
    A = A.drop_front(4);
    B = B.drop_front(4);
  }
  if (sameType(A, B))
    return true;
  const Layout *X = A.consume_front("record:") ? find(Old, A) : nullptr;
  const Layout *Y = B.consume_front("record:") ? find(New, B) : nullptr;
  return X && Y && counterpart(*Y) == X;
}

bool TypeComparer::samePointee(StringRef A, StringRef B) {
  if (A.empty() || B.empty())
    return true;
  while (A.starts_with("ptr:") && B.starts_with("ptr:")) {
    A = A.drop_front(4);
    B = B.drop_front(4);
  }
  A = withoutArrays(A);
  B = withoutArrays(B);
  if (A == B || isOpaque(A) || isOpaque(B))
    return true;
  StringRef OldKey = A, NewKey = B;
  if (OldKey.consume_front("fn:") && NewKey.consume_front("fn:")) { // functions themselves change with their callers
    ChangedPrototypes.insert(OldKey.str());
    return true;
  }
  OldKey = A, NewKey = B;
  if (OldKey.consume_front("record:") && NewKey.consume_front("record:")) {
    pair(find(Old, OldKey), find(New, NewKey)); // what one side does not look into cannot be read wrongly
    return true;
  }
  return sameType(A, B);
}

bool TypeComparer::sameField(const LayoutField &A, const LayoutField &B) {
  return A.Offset == B.Offset && A.Bits == B.Bits && sameType(A.Type, B.Type) && samePointee(A.To, B.To);
}

std::string TypeComparer::fieldDifferences(const Layout &A, const Layout &B) {
  auto Named = [](const Layout &L, const std::string &Name) -> const LayoutField * {
    for (const LayoutField &F : L.Fields)
      if (F.Name == Name && !Name.empty())
        return &F;
    return nullptr;
  };
  std::string Out;
  auto Add = [&](const LayoutField *X, const LayoutField *Y) {
    bool Pointee = X && Y && X->Type == Y->Type && X->Offset == Y->Offset && X->Bits == Y->Bits;
    std::string To = Pointee ? pointerTo(X->To) + " | " + Y->Name + " " + pointerTo(Y->To) : "";
    Out += (Out.empty() ? "" : "; ") + (Pointee ? X->Name + " " + To : describe(X) + " | " + describe(Y));
  };
  // A field that keeps its place and type under another name was renamed; a name that moved did not.
  std::set<const LayoutField *> Renamed;
  for (const LayoutField &F : A.Fields) {
    if (const LayoutField *Same = Named(B, F.Name)) {
      if (!sameField(F, *Same))
        Add(&F, Same);
      continue;
    }
    const LayoutField *Other = nullptr;
    for (const LayoutField &G : B.Fields)
      if (!Other && !Renamed.count(&G) && !(Named(A, G.Name)) && sameField(F, G))
        Other = &G;
    if (Other)
      Renamed.insert(Other);
    else
      Add(&F, nullptr);
  }
  for (const LayoutField &G : B.Fields)
    if (!Named(A, G.Name) && !Renamed.count(&G))
      Add(nullptr, &G);
  return Out;
}

// What stands at each place where the two differ: calls go by place.
std::string TypeComparer::tableDifferences(const Layout &A, const Layout &B) {
  constexpr unsigned Shown = 8;
  auto At = [](const Layout &L, size_t I) { return I < L.VirtualTables.size() ? StringRef(L.VirtualTables[I]) : "-"; };
  auto Show = [](StringRef Entry) {
    auto [Name, Adjustment] = Entry.split(' ');
    return demangle(std::string_view(Name.data(), Name.size())) + (Adjustment.empty() ? "" : " " + Adjustment.str());
  };
  std::string Out;
  unsigned Count = 0;
  for (size_t I = 0; I < std::max(A.VirtualTables.size(), B.VirtualTables.size()); ++I) {
    StringRef X = At(A, I), Y = At(B, I);
    if (X != Y && baseName(X, false) != baseName(Y, false) && ++Count <= Shown)
      Out += (Out.empty() ? "" : "; ") + Show(X) + " | " + Show(Y);
  }
  return Count > Shown ? Out + "; and " + std::to_string(Count - Shown) + " more" : Out;
}

std::string TypeComparer::differences(const Layout &A, const Layout &B) {
  std::string What;
  auto Add = [&](const std::string &Text) { What += (What.empty() ? "" : ", ") + Text; };
  if (A.Size != B.Size)
    Add("size " + std::to_string(A.Size) + " -> " + std::to_string(B.Size));
  if (A.Align != B.Align)
    Add("alignment " + std::to_string(A.Align) + " -> " + std::to_string(B.Align));
  if (std::string Fields = fieldDifferences(A, B); !Fields.empty())
    Add("fields in bytes, OLD | NEW: " + Fields);
  if (std::string Entries = tableDifferences(A, B); !Entries.empty())
    Add("entries of its vtable, OLD | NEW: " + Entries);
  return What;
}

std::string TypeComparer::variableDifference(const VariableType &A, const VariableType &B) {
  StringRef X = withoutArrays(A.Type), Y = withoutArrays(B.Type); // their number is the variable's size
  StringRef OldKey = X, NewKey = Y;
  if (OldKey.consume_front("record:") && NewKey.consume_front("record:")) {
    pair(find(Old, OldKey), find(New, NewKey));
    return "";
  }
  if (!sameType(X, Y))
    return X.str() + " -> " + Y.str();
  return samePointee(A.To, B.To) ? "" : pointerTo(A.To) + " -> " + pointerTo(B.To);
}

namespace {

class LayoutCheck {
public:
  explicit LayoutCheck(Session &S) : S(S) {}

  void run() {
    for (uint32_t I = 0; I < S.Units.size(); ++I)
      if (UnitPair &U = S.Units[I]; U.Loaded && !U.Identical && U.New)
        checkUnit(U);
    for (const auto &[Key, F] : Findings) {
      const auto &[Type, What] = Key;
      StringRef Now = StringRef(Type).contains(" -> ") ? StringRef(Type).split(" -> ").second : StringRef(Type);
      std::string More = F.Units > 1 ? " (also in " + std::to_string(F.Units - 1) + " other units)" : "";
      S.refuse(*F.First, Type,
               "layout changed: " + What + More + "; objects of it may live: --trust-type '" + Now + "' if none do");
    }
  }

private:
  Session &S;
  struct Finding {
    const UnitPair *First;
    unsigned Units = 0;
  };
  std::map<std::tuple<std::string, std::string>, Finding> Findings; // (type, what)

  void checkUnit(UnitPair &U) {
    UnitInfo Nothing;
    TypeComparer Types(U.Old ? U.Old->Info : Nothing, U.New->Info, U.Match.Entities);
    for (const Layout &L : U.New->Info.Layouts) {
      if (const Layout *Before = Types.counterpart(L))
        Types.pair(Before, &L);
      else if (L.Escapes && !Types.isNumbered(L.Key)) // in another unit its number may mean another
        checkElsewhere(U, L);
    }
    if (U.Old)
      checkVariables(U, Types);
    checkPairs(U, Types);
    checkMoved(U);
  }

  void checkPairs(UnitPair &U, TypeComparer &Types) {
    // The list grows while fields are compared.
    for (size_t I = 0; I < Types.Pairs.size(); ++I) {
      auto [Before, After] = Types.Pairs[I];
      if (Before->Escapes || After->Escapes)
        if (std::string What = Types.differences(*Before, *After); !What.empty())
          report(U, *Before, *After, What);
    }
    S.ChangedPrototypes.insert(Types.ChangedPrototypes.begin(), Types.ChangedPrototypes.end());
  }

  // The unit uses a type that it did not use before; or it is new, perhaps under another name.
  void checkElsewhere(UnitPair &U, const Layout &L) {
    const UnitPair *Where = nullptr;
    std::string First;
    const Layout *Before = nullptr;
    for (const UnitPair &Other : S.Units) {
      if (!Other.Loaded || !Other.Old || &Other == &U)
        continue;
      TypeComparer Types(Other.Old->Info, U.New->Info, U.Match.Entities);
      const Layout *Found = Types.counterpart(L);
      // C: units may have types of their own under one name, unless it is one header's, or the type went from there.
      if (!Found || (Found->File != L.File && Other.New && holds(Other.New->Info, Found->Key)))
        continue;
      std::string What = Types.differences(*Found, L);
      if (What.empty())
        return;
      if (!Where) {
        Where = &Other;
        First = What;
        Before = Found;
      }
    }
    if (Where)
      report(U, *Before, L, First + " (in " + Where->Path + " of OLD)");
  }

  static bool holds(const UnitInfo &Info, const std::string &Key) {
    return any_of(Info.Layouts, [&](const Layout &L) { return L.Key == Key; });
  }

  void report(UnitPair &U, const Layout &Before, const Layout &After, const std::string &What) {
    std::string Name = Before.Name == After.Name ? After.Name : Before.Name + " -> " + After.Name;
    for (const std::string &Candidate : {After.Name, After.Key, Before.Name, Name})
      if (isNamed(S, "--trust-type", S.Opts.TrustType, Candidate))
        return S.remarkTrusted(Name);
    auto [Place, Fresh] = Findings.try_emplace({Name, What}, Finding{&U});
    ++Place->second.Units;
  }

  // C's static locals are recorded without the number that the compiler adds.
  static const VariableType *find(const Object &O, const Piece &P) {
    auto Found = O.Info.VariableTypes.find(O.name(P));
    if (Found == O.Info.VariableTypes.end() && P.Local)
      Found = O.Info.VariableTypes.find(baseName(O.name(P), true));
    return Found == O.Info.VariableTypes.end() ? nullptr : &Found->second;
  }

  void checkVariables(UnitPair &U, TypeComparer &Types) {
    for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
      const Piece &P = U.Old->Pieces[I];
      uint32_t J = U.Match.ToNew[I];
      if (J == None || (P.Kind != PieceKind::Variable && P.Kind != PieceKind::ThreadLocal) || P.Kind != U.New->Pieces[J].Kind)
        continue;
      checkVariable(U, Types, *U.Old, P, U.New->Pieces[J]);
    }
  }

  // Variables that were another unit's, where their types are described.
  void checkMoved(UnitPair &U) {
    std::map<uint32_t, TypeComparer> Types; // by unit
    for (const auto &[New, From] : U.MovedFrom) {
      const Object &Old = *S.Units[From.Unit].Old;
      if (!isData(U.New->Pieces[New].Kind) || U.New->Pieces[New].Kind == PieceKind::Constant)
        continue;
      TypeComparer &T = Types.try_emplace(From.Unit, Old.Info, U.New->Info, U.Match.Entities).first->second;
      checkVariable(U, T, Old, Old.Pieces[From.Piece], U.New->Pieces[New]);
    }
    for (auto &[From, T] : Types)
      checkPairs(U, T);
  }

  void checkVariable(UnitPair &U, TypeComparer &Types, const Object &Old, const Piece &P, const Piece &Q) {
    const VariableType *Before = find(Old, P), *After = find(*U.New, Q);
    std::string What = Before && After ? Types.variableDifference(*Before, *After) : "";
    if (What.empty())
      return;
    StringRef Name = Old.name(P);
    if (isNamed(S, "--keep", S.Opts.Keep, Name))
      S.Remarks.push_back({uint32_t(RemarkKind::kKept), uint32_t(&U - S.Units.data()), Name.str()});
    else if (!isNamed(S, "--reinit", S.Opts.Reinit, Name))
      S.refuse(U, Name, "type changed (" + What + "); the running program's value is of the old one: --keep " + Name +
                            " if NEW can read it");
  }
};

} // namespace

void checkLayouts(Session &S) { LayoutCheck(S).run(); }

} // namespace wfdiff
