// Closures and nameless types have a number in place of a name, and one more in front gives all others the numbers of
// their neighbours.  Several classes of one name in one function have a number besides (`_ZZ1fvEN1S3getE_0v`), likewise.  The
// number is part of many names: of the closure's functions, its type information, the static locals in it, its closures, and of
// every template that it is an argument of (`_Function_handler<int (), f()::$_0>`).  So closures are paired first, each as a
// whole, and names only mean the same if what they mention does.  To pair functions one by one would pair the handler of one
// closure with that of another: both may do the same with closures that do not.
//
// A family is what a number could be mixed up in: the closures of one function (and one signature, where the number
// counts within it).  In a family, from certain to likely:
//
//   1. a function that has the same content as one of the other side, and as no other of the family on either side;
//      and the same captures (names, types, places)
//   2. captures (not none) that only one closure on each side has
//   3. between pairs made so, in the order of the source: as many on either side; or some that are all alike
//
// What came between two such pairs is new, what went is removed: its code stays for who still holds it.  Where some
// came and some went, and not as many, or with the same captures elsewhere, nobody can tell a changed one from a new one.
// That is refused (Ambiguous), since a closure that the program holds would run another one's code, or its fix would not
// reach it; unless nobody can hold one.
//
// Captures are compared as a layout afterwards (check_layouts.cpp): pairs may differ in them.
#include "diff-tool/local_entities.h"

#include "diff-tool/mangled_name.h"

#include "format/records.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Demangle/ItaniumDemangle.h"
#include "llvm/Support/Allocator.h"

#include <cstdlib>
#include <set>

using namespace llvm;
namespace itanium = llvm::itanium_demangle;

namespace wfdiff {

namespace {

// What the parser makes nodes with.
class NodeArena {
public:
  void reset() { Memory.Reset(); }
  template <class T, class... Args> T *makeNode(Args &&...A) {
    return new (Memory.Allocate(sizeof(T), alignof(T))) T(std::forward<Args>(A)...);
  }
  void *allocateNodeArray(size_t Count) {
    return Memory.Allocate(sizeof(itanium::Node *) * Count, alignof(itanium::Node *));
  }
  void *allocate(size_t Bytes) { return Memory.Allocate(Bytes, 1); }

private:
  BumpPtrAllocator Memory;
};

// The second `struct S` of a function is called `S#2` here, where the demangler would call it `S`, too.
class Parser : public itanium::AbstractManglingParser<Parser, NodeArena> {
  using Base = itanium::AbstractManglingParser<Parser, NodeArena>;

public:
  using Base::Base;

  // `Z <encoding> E <entity> [_ <discriminator>]`, of which the demangler drops the last.  The number is that of the entity's
  // outermost component: `_ZZ1fvEN1S3getE_0v`.
  itanium::Node *parseLocalName(NameState *State) {
    const char *Begin = this->First;
    itanium::Node *N = Base::parseLocalName(State);
    if (!N)
      return nullptr;
    StringRef Text(Begin, this->First - Begin);
    unsigned Number = 0;
    itanium::Node *Result = N;
    static_cast<itanium::LocalName *>(N)->match([&](itanium::Node *Encoding, itanium::Node *Entity) {
      if (takeDiscriminator(Text, Entity, Number))
        if (itanium::Node *Numbered = numbered(Entity, Number))
          Result = this->template make<itanium::LocalName>(Encoding, Numbered);
    });
    return Result;
  }

private:
  static bool takeDiscriminator(StringRef Text, const itanium::Node *Entity, unsigned &Number) {
    StringRef Rest = Text;
    if (Rest.consume_back("_")) { // `__12_`
      StringRef Digits = Rest.take_back(Rest.size() - Rest.find_last_not_of("0123456789") - 1);
      Rest = Rest.drop_back(Digits.size());
      if (Digits.getAsInteger(10, Number) || !Rest.consume_back("__"))
        return false;
    } else if (Rest.size() < 2 || Rest.take_back(1).getAsInteger(10, Number) || Rest[Rest.size() - 2] != '_') {
      return false;
    } else {
      Rest = Rest.drop_back(2);
    }
    Number += 2; // the first one has none, the second `_0`
    if (Entity->getKind() != itanium::Node::KNameType)
      return Entity->getKind() == itanium::Node::KNestedName && Rest.ends_with("E");
    // An identifier may end so, too.
    std::string_view Name = static_cast<const itanium::NameType *>(Entity)->getName();
    return Rest.ends_with(std::to_string(Name.size()) + std::string(Name));
  }

  // Entity with the number at its outermost component; null where that is no plain name.
  itanium::Node *numbered(itanium::Node *Entity, unsigned Number) {
    if (Entity->getKind() == itanium::Node::KNameType) {
      std::string_view Name = static_cast<itanium::NameType *>(Entity)->getName();
      const std::string Text = std::string(Name) + "#" + std::to_string(Number);
      char *Kept = static_cast<char *>(this->ASTAllocator.allocate(Text.size()));
      std::copy(Text.begin(), Text.end(), Kept);
      return this->template make<itanium::NameType>(std::string_view(Kept, Text.size()));
    }
    itanium::Node *Result = nullptr;
    if (Entity->getKind() == itanium::Node::KNestedName)
      static_cast<itanium::NestedName *>(Entity)->match([&](itanium::Node *Qualifier, itanium::Node *Name) {
        if (itanium::Node *Numbered = numbered(Qualifier, Number))
          Result = this->template make<itanium::NestedName>(Numbered, Name);
      });
    return Result;
  }
};

std::string print(const itanium::Node *N) {
  itanium::OutputBuffer Out;
  N->print(Out);
  std::string Text(Out.getBuffer(), Out.getCurrentPosition());
  std::free(Out.getBuffer());
  return Text;
}

// `'lambda12'(int)` -> 12, `'lambda'(int)`.
unsigned takeNumber(std::string &Text, StringRef Before) {
  size_t Begin = Text.find(Before);
  if (Begin == std::string::npos)
    return 0;
  Begin += Before.size();
  size_t End = Begin;
  while (End < Text.size() && isDigit(Text[End]))
    ++End;
  unsigned Number = 0;
  bool None = StringRef(Text).slice(Begin, End).getAsInteger(10, Number);
  Text.erase(Begin, End - Begin);
  return None ? 0 : Number + (Before != "$_"); // 'lambda' comes before 'lambda0'
}

class Walker {
public:
  std::vector<LocalEntity> Found;

  void walk(const itanium::Node *N) {
    if (!N || ++Depth > 256) // substitutions make names exponentially deep
      return;
    std::vector<Component> Path;
    flatten(N, Path);
    std::string Prefix;
    for (size_t I = 0; I < Path.size(); ++I) {
      const Component &C = Path[I];
      walkChildren(C.Node);
      std::string Text = print(C.Node);
      if (Path.size() > 1 && isName(C.Node))
        InPath.insert(C.Node);
      if (Path.size() == 1 && isName(C.Node))
        Bare.push_back(C.Node);
      else if (C.OfFunction && isName(C.Node) && !StringRef(Text).starts_with("$_") && (I + 1 < Path.size() || N != Variable))
        addClass(Prefix, Text);
      else
        addIfEntity(C.Node, Prefix, Text);
      Prefix += (Prefix.empty() || C.Arguments ? "" : "::") + Text;
    }
    --Depth;
  }

  // The symbol's name, unless that is a function.
  const itanium::Node *Variable = nullptr;

  // `_ZZ1fvEN3$_0C2EOS_`: the substitution that stands for a closure of f is one for its last component only.
  void finish() {
    for (const itanium::Node *N : Bare)
      if (!InPath.count(N))
        addIfEntity(N, "", print(N));
  }

private:
  unsigned Depth = 0;
  std::set<std::string> Seen;
  std::set<const itanium::Node *> InPath;
  std::vector<const itanium::Node *> Bare;

  static bool isName(const itanium::Node *N) { return N->getKind() == itanium::Node::KNameType; }

  struct Component {
    const itanium::Node *Node;
    bool Arguments = false;  // of the template before
    bool OfFunction = false; // a class in it, or a variable
  };

  // `f()::S::g<int>` -> f(), S, g, <int>
  static void flatten(const itanium::Node *N, std::vector<Component> &Path) {
    if (N->getKind() == itanium::Node::KNameWithTemplateArgs)
      static_cast<const itanium::NameWithTemplateArgs *>(N)->match(
          [&](const itanium::Node *Name, const itanium::Node *Arguments) {
            flatten(Name, Path);
            Path.push_back({Arguments, true});
          });
    else if (N->getKind() == itanium::Node::KLocalName)
      static_cast<const itanium::LocalName *>(N)->match(
          [&](const itanium::Node *Encoding, const itanium::Node *Entity) {
            Path.push_back({Encoding});
            size_t Outermost = Path.size();
            flatten(Entity, Path);
            Path[Outermost].OfFunction = true;
          });
    else if (N->getKind() == itanium::Node::KNestedName)
      static_cast<const itanium::NestedName *>(N)->match(
          [&](const itanium::Node *Qualifier, const itanium::Node *Name) {
            flatten(Qualifier, Path);
            flatten(Name, Path);
          });
    else
      Path.push_back({N});
  }

  void addClass(const std::string &Context, StringRef Name) {
    LocalEntity E;
    E.Text = (Context + "::" + Name).str();
    E.Context = Context;
    E.IsClass = true;
    auto [Kind, Number] = Name.split('#');
    Number.getAsInteger(10, E.Number);
    E.Kind = Kind.str();
    if (Seen.insert(E.Text).second)
      Found.push_back(std::move(E));
  }

  void addIfEntity(const itanium::Node *N, const std::string &Context, std::string Kind) {
    StringRef Before;
    if (N->getKind() == itanium::Node::KClosureTypeName)
      Before = "'lambda";
    else if (N->getKind() == itanium::Node::KUnnamedTypeName)
      Before = "'unnamed";
    else if (isName(N) && StringRef(Kind).starts_with("$_"))
      Before = "$_";
    else
      return;
    LocalEntity E;
    E.Text = Context + (Context.empty() ? "" : "::") + Kind;
    E.Context = Context;
    E.Number = takeNumber(Kind, Before);
    E.Kind = std::move(Kind);
    if (Seen.insert(E.Text).second)
      Found.push_back(std::move(E));
  }

  void walkChildren(const itanium::Node *N) {
    N->visit([&]<class T>(const T *Derived) {
      if constexpr (!std::is_same_v<T, itanium::ForwardTemplateReference>)
        Derived->match([&](auto... Members) { (walkMember(Members), ...); });
    });
  }
  template <class T> void walkMember(const T &Member) {
    if constexpr (std::is_convertible_v<T, const itanium::Node *>)
      walk(Member);
    else if constexpr (std::is_same_v<T, itanium::NodeArray>)
      for (const itanium::Node *N : Member)
        walk(N);
  }
};

} // namespace

// The demangler does not know all that clang mangles, such as parameters of some generic lambdas.  What matters stands
// before.
static std::string withoutParameters(StringRef Name) {
  size_t At = Name.rfind("clI");
  return At == StringRef::npos ? "" : (Name.take_front(At) + "clEv").str();
}

// Nameless entities, or classes of functions.
static bool mayMention(StringRef NameOrKey) {
  return NameOrKey.contains("$_") || NameOrKey.contains("Ul") || NameOrKey.contains("Ut") || NameOrKey.contains('Z');
}

// `_ZZ1fvE1n`, `_ZGVZ1fvE1n`: the node that is n.
static const itanium::Node *variableOf(StringRef Name, const itanium::Node *N) {
  if (N->getKind() == itanium::Node::KDotSuffix)
    static_cast<const itanium::DotSuffix *>(N)->match([&](const itanium::Node *Prefix, std::string_view) { N = Prefix; });
  if (N->getKind() == itanium::Node::KSpecialName && !Name.starts_with("_ZTI") && !Name.starts_with("_ZTS") &&
      !Name.starts_with("_ZTV") && !Name.starts_with("_ZTT"))
    static_cast<const itanium::SpecialName *>(N)->match([&](std::string_view, const itanium::Node *Child) { N = Child; });
  return Name.starts_with("_Z") ? N : nullptr;
}

static bool parseEntities(StringRef Name, std::vector<LocalEntity> &Found) {
  Parser P(Name.begin(), Name.end());
  const itanium::Node *N = P.parse();
  if (!N)
    return false;
  Walker W;
  W.Variable = variableOf(Name, N);
  W.walk(N);
  W.finish();
  Found = std::move(W.Found);
  return true;
}

std::vector<LocalEntity> localEntities(StringRef NameOrKey) {
  std::vector<LocalEntity> Found;
  if (mayMention(NameOrKey) && !parseEntities(NameOrKey, Found))
    parseEntities(withoutParameters(NameOrKey), Found);
  return Found;
}

// As the demangler does, but with the numbers of classes.
static std::string pretty(StringRef Name) {
  for (const std::string &Known : {Name.str(), withoutParameters(Name)}) {
    Parser P(Known.data(), Known.data() + Known.size());
    if (const itanium::Node *N = Known.empty() ? nullptr : P.parse())
      return print(N);
  }
  return Name.str();
}

std::string EntityMap::canonical(const std::string &Text, bool IsNew) const {
  if (!IsNew)
    return Text;
  auto Found = Canonical.find(Text);
  return Found == Canonical.end() ? "NEW " + Text : Found->second;
}

std::string EntityMap::mentioned(StringRef Name, bool IsNew) const {
  std::string Out;
  if (!Confusable)
    return Out;
  for (const LocalEntity &E : localEntities(Name))
    Out += " | " + canonical(E.Text, IsNew);
  return Out;
}

bool EntityMap::isSame(StringRef Name) const { return mentioned(Name, false) == mentioned(Name, true); }

std::string EntityMap::key(StringRef Key, bool IsNew) const {
  std::vector<LocalEntity> Entities = localEntities(Key);
  if (Entities.empty())
    return Key.str();
  std::string Out = baseName(("_ZTS" + Key).str(), false);
  for (const LocalEntity &E : Entities) {
    if (E.IsClass) // has numbers of its own there
      continue;
    auto Found = Symbols[IsNew].find(E.Text);
    Out += " | " + canonical(Found == Symbols[IsNew].end() ? E.Text : Found->second, IsNew);
  }
  return Out;
}

namespace {

// A closure, or a nameless type, and what tells it from others.
struct Member {
  LocalEntity Entity;
  size_t Place = ~size_t(0); // in the source, where it is known
  const Layout *Captures = nullptr;
  std::vector<std::pair<std::string, size_t>> Functions; // name without numbers, content
  bool Held = false;                                     // its functions are called by who does not name it
  bool HasState = false;                                 // static locals
  bool Ambiguous = false;                                // it has been said
  Member *Pair = nullptr;
};

std::string describeCaptures(const Member &M) {
  std::string Out;
  for (const LayoutField &F : M.Captures ? ArrayRef(M.Captures->Fields) : ArrayRef<LayoutField>())
    Out += F.Name + " " + F.Type + "@" + std::to_string(F.Offset) + ";";
  return Out;
}

} // namespace

class EntityPairing {
public:
  EntityPairing(const Object &Old, const Object &New, Fingerprint Content) : Content(Content) {
    collect(Old, false);
    collect(New, true);
    dropCertainClasses();
    Map.Confusable = !Members[0].empty() || !Members[1].empty();
  }

  EntityMap run() {
    // Those in others after these, since the others' identity is part of theirs.
    std::map<size_t, std::vector<Member *>> ByDepth[2];
    std::set<size_t> Depths;
    for (bool IsNew : {false, true})
      for (auto &[Text, M] : Members[IsNew]) {
        size_t Depth = outer(M.Entity, IsNew).size();
        ByDepth[IsNew][Depth].push_back(&M);
        Depths.insert(Depth);
      }
    for (size_t Depth : Depths) {
      std::map<std::string, std::vector<Member *>> Families[2];
      for (bool IsNew : {false, true})
        for (Member *M : ByDepth[IsNew][Depth])
          Families[IsNew][family(M->Entity, IsNew)].push_back(M);
      for (auto &[Name, Olds] : Families[0])
        if (auto Found = Families[1].find(Name); Found != Families[1].end())
          pairFamily(std::move(Olds), std::move(Found->second));
    }
    return std::move(Map);
  }

private:
  Fingerprint Content;
  EntityMap Map;
  std::map<std::string, Member> Members[2]; // by text; OLD, NEW
  using List = std::vector<Member *>;

  Member &member(const LocalEntity &E, bool IsNew) {
    Member &M = Members[IsNew][E.Text];
    M.Entity = E;
    return M;
  }

  // What is mentioned in where E is, longest first.
  List outer(const LocalEntity &E, bool IsNew) {
    List Result;
    for (auto &[Text, M] : Members[IsNew])
      if (Text.size() < E.Text.size() && occursIn(Text, E.Context + "\n" + E.Kind) != std::string::npos)
        Result.push_back(&M);
    llvm::stable_sort(Result, [](Member *A, Member *B) { return A->Entity.Text.size() > B->Entity.Text.size(); });
    return Result;
  }

  // A class whose name is the only one in its function, as nearly all are, and is in nothing that has a number.
  void dropCertainClasses() {
    std::map<std::string, List> Families[2];
    for (bool IsNew : {false, true})
      for (auto &[Text, M] : Members[IsNew])
        if (M.Entity.IsClass)
          Families[IsNew][M.Entity.Context + "\n" + M.Entity.Kind].push_back(&M);
    List Kept;
    auto IsCertain = [&](const std::string &Name) {
      const StringRef Text = Name;
      return Families[0][Name].size() <= 1 && Families[1][Name].size() <= 1 && !Text.contains("$_") && !Text.contains("'lambda") &&
             !Text.contains("'unnamed") &&
             none_of(Kept, [&](const Member *M) { return occursIn(M->Entity.Text, Text) != std::string::npos; });
    };
    std::vector<std::string> All; // outer ones first
    for (bool IsNew : {false, true})
      for (auto &[Name, Family] : Families[IsNew])
        All.push_back(Name);
    llvm::sort(All, [](const std::string &A, const std::string &B) { return std::pair(A.size(), A) < std::pair(B.size(), B); });
    All.erase(llvm::unique(All), All.end());
    for (const std::string &Name : All) {
      if (!IsCertain(Name)) {
        for (bool IsNew : {false, true})
          llvm::append_range(Kept, Families[IsNew][Name]);
        continue;
      }
      const List &Olds = Families[0][Name], &News = Families[1][Name];
      if (!News.empty())
        Map.Canonical[News[0]->Entity.Text] = (Olds.empty() ? News : Olds)[0]->Entity.Text;
      for (bool IsNew : {false, true})
        for (Member *M : List(Families[IsNew][Name]))
          Members[IsNew].erase(std::string(M->Entity.Text));
    }
  }

  static size_t occursIn(StringRef Text, StringRef In, size_t From = 0) {
    size_t At = In.find(Text, From);
    auto IsWhole = [&] {
      size_t End = At + Text.size();
      auto IsPart = [](char C) { return isAlnum(C) || C == '_' || C == '$'; };
      return (At == 0 || !(IsPart(In[At - 1]) || In[At - 1] == ':')) && (End == In.size() || !(IsPart(In[End]) || In[End] == '#'));
    };
    while (At != StringRef::npos && !IsWhole())
      At = In.find(Text, At + 1);
    return At;
  }

  std::string family(const LocalEntity &E, bool IsNew) {
    std::string Name = E.Context + "\n" + E.Kind;
    for (Member *M : outer(E, IsNew)) {
      const std::string &Text = M->Entity.Text;
      std::string Canonical = "<" + Map.canonical(Text, IsNew) + ">";
      for (size_t At = occursIn(Text, Name); At != std::string::npos; At = occursIn(Text, Name, At + Canonical.size()))
        Name.replace(At, Text.size(), Canonical);
    }
    return Name;
  }

  void collect(const Object &O, bool IsNew) {
    std::vector<std::vector<LocalEntity>> Mentioned(O.Pieces.size());
    for (uint32_t I = 0; I < O.Pieces.size(); ++I) {
      const Piece &P = O.Pieces[I];
      if (P.NameSymbol == None || (P.Kind != PieceKind::Function && !isData(P.Kind)))
        continue;
      Mentioned[I] = localEntities(O.name(P));
      for (const LocalEntity &E : Mentioned[I]) {
        Member &M = member(E, IsNew);
        if (P.Kind == PieceKind::Function)
          M.Functions.emplace_back(baseName(O.name(P), P.Local), Content(O, P));
        else if (P.Writable)
          M.HasState = true;
        M.Held |= P.Kind == PieceKind::Function && P.Record && (P.Record->Flags & wfp::format::kSymbolAddressTaken);
      }
    }
    // Who refers to functions of a closure and is none of its own.
    for (uint32_t I = 0; I < O.Pieces.size(); ++I)
      if (const Piece &P = O.Pieces[I]; P.Kind != PieceKind::Lsda)
        for (const Target &T : O.targets(P)) {
          if (T.Piece == None || O.Pieces[T.Piece].Kind != PieceKind::Function)
            continue;
          const Piece &Owner = P.Parent == None ? P : O.Pieces[P.Parent];
          std::string From = Owner.NameSymbol == None ? "" : demangled(O.name(Owner));
          for (const LocalEntity &E : Mentioned[T.Piece])
            if (!O.isCode(P) ||
                (From != E.Context && none_of(Mentioned[&Owner - O.Pieces.data()],
                                              [&](const LocalEntity &By) { return By.Text == E.Text; })))
              member(E, IsNew).Held = true;
        }
    std::map<StringRef, const Layout *> Layouts;
    for (const Layout &L : O.Info.Layouts)
      Layouts[L.Key] = &L;
    for (size_t I = 0; I < O.Info.Closures.size(); ++I) {
      const ClosureName &C = O.Info.Closures[I];
      const LocalEntity *InSymbol = closureOf(C.Symbol), *InKey = closureOf(C.Key);
      if (!InSymbol)
        continue;
      Member &M = member(*InSymbol, IsNew);
      M.Place = std::min(M.Place, I);
      if (!InKey)
        continue;
      Map.Symbols[IsNew][InKey->Text] = InSymbol->Text;
      if (auto Found = Layouts.find(C.Key); Found != Layouts.end())
        M.Captures = Found->second;
    }
  }

  std::map<std::string, std::string> Demangled;
  const std::string &demangled(StringRef Name) {
    std::string &Text = Demangled[Name.str()];
    if (Text.empty())
      Text = pretty(Name);
    return Text;
  }

  // The closure that a function or a type is: the innermost one that is not an argument.
  std::map<std::string, std::vector<LocalEntity>> Parsed;
  const LocalEntity *closureOf(StringRef Name) {
    std::vector<LocalEntity> &Found = Parsed.try_emplace(Name.str(), localEntities(Name)).first->second;
    const std::string Text = Name.starts_with("_Z") ? demangled(Name) : demangled(("_ZTS" + Name).str());
    const LocalEntity *Best = nullptr;
    for (const LocalEntity &E : Found) {
      size_t At = StringRef(Text).find(E.Text);
      bool Whole =
          At != StringRef::npos && (StringRef(Text).drop_front(At + E.Text.size()).empty() ||
                                    StringRef(Text).drop_front(At + E.Text.size()).starts_with("::operator()"));
      if (Whole && (!Best || E.Text.size() > Best->Text.size()))
        Best = &E;
    }
    return Best;
  }

  void pair(Member *O, Member *N) {
    O->Pair = N;
    N->Pair = O;
    Map.Canonical[N->Entity.Text] = O->Entity.Text;
  }

  // Pairs what has something that nothing else of either side has.
  template <class Evidence> void pairUnique(const List &Olds, const List &News, Evidence Of) {
    std::map<std::string, std::pair<List, List>> By;
    for (Member *O : Olds)
      if (!O->Pair)
        for (const std::string &E : Of(*O))
          By[E].first.push_back(O);
    for (Member *N : News)
      if (!N->Pair)
        for (const std::string &E : Of(*N))
          By[E].second.push_back(N);
    // One that has this in common with one, and that with another, is neither.
    std::map<Member *, std::set<Member *>> Partners;
    for (auto &[E, Who] : By)
      if (Who.first.size() == 1 && Who.second.size() == 1) {
        Partners[Who.first[0]].insert(Who.second[0]);
        Partners[Who.second[0]].insert(Who.first[0]);
      }
    for (Member *O : Olds)
      if (auto Found = Partners.find(O); Found != Partners.end() && Found->second.size() == 1)
        if (Member *N = *Found->second.begin(); Partners[N].size() == 1)
          pair(O, N);
  }

  static std::set<std::string> contents(const Member &M) {
    std::set<std::string> Result;
    for (const auto &[Name, Hash] : M.Functions)
      Result.insert(Name + " " + std::to_string(Hash) + " " + describeCaptures(M));
    return Result;
  }

  void pairFamily(List Olds, List News) {
    auto InOrder = [](Member *A, Member *B) {
      return std::pair(A->Place, A->Entity.Number) < std::pair(B->Place, B->Entity.Number);
    };
    llvm::sort(Olds, InOrder);
    llvm::sort(News, InOrder);
    if (Olds.size() == 1 && News.size() == 1)
      return pair(Olds[0], News[0]);
    pairUnique(Olds, News, contents);
    pairUnique(Olds, News, [](const Member &M) {
      std::string Captures = describeCaptures(M);
      return Captures.empty() ? std::set<std::string>() : std::set<std::string>{Captures};
    });
    // Segments between pairs that keep the order; one that went elsewhere separates nothing.
    size_t From = 0;
    List Some, Others;
    auto TakeNews = [&](size_t End) {
      for (; From < End; ++From)
        if (!News[From]->Pair)
          Others.push_back(News[From]);
    };
    for (Member *O : Olds) {
      if (!O->Pair) {
        Some.push_back(O);
        continue;
      }
      size_t At = llvm::find(News, O->Pair) - News.begin();
      if (At < From)
        continue;
      TakeNews(At);
      pairSegment(Some, Others);
      Some.clear();
      Others.clear();
    }
    TakeNews(News.size());
    pairSegment(Some, Others);
    refuseLeftOver(Olds, News);
  }

  // What is left on both sides, apart: one that went and one that came, or one that moved and changed.
  void refuseLeftOver(const List &Olds, const List &News) {
    for (Member *O : Olds) {
      if (O->Pair || O->Ambiguous || !(O->Held || O->HasState))
        continue;
      List Candidates;
      for (Member *N : News)
        if (!N->Pair && describeCaptures(*N) == describeCaptures(*O))
          Candidates.push_back(N);
      if (!Candidates.empty())
        refuse(O, Candidates);
    }
  }

  void refuse(Member *O, const List &News) {
    std::string Candidates;
    for (Member *N : News)
      Candidates += (Candidates.empty() ? "" : ", ") + N->Entity.Text;
    Map.Ambiguous.emplace_back(O->Entity.Text, Candidates);
    O->Ambiguous = true;
  }

  void pairSegment(const List &Olds, const List &News) {
    if (Olds.empty() || News.empty())
      return;
    auto Alike = [&](Member *M) {
      return contents(*M) == contents(*Olds[0]) && describeCaptures(*M) == describeCaptures(*Olds[0]) && !M->HasState;
    };
    if (Olds.size() == News.size() || (all_of(Olds, Alike) && all_of(News, Alike))) {
      for (auto [O, N] : zip(Olds, News))
        pair(O, N);
      return;
    }
    auto SameCaptures = [&](Member *M) { return describeCaptures(*M) == describeCaptures(*Olds[0]); };
    bool Held = any_of(Olds, [](Member *M) { return M->Held || M->HasState; });
    if (!Held && all_of(Olds, SameCaptures) && all_of(News, SameCaptures))
      return;
    for (Member *O : Olds)
      refuse(O, News);
  }
};

EntityMap pairEntities(const Object &Old, const Object &New, Fingerprint Content) {
  return EntityPairing(Old, New, Content).run();
}

} // namespace wfdiff
