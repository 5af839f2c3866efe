// State stays: what an update would do to variables and constants that the running program has.
#include "diff-tool/checks.h"

#include "diff-tool/mangled_name.h"
#include "diff-tool/passes.h"
#include "format/manifest.h"
#include "format/records.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

namespace {

const char *kindName(const Piece &P) {
  return P.Kind == PieceKind::ThreadLocal ? "thread-local" : P.Kind == PieceKind::Constant ? "constant" : "writable";
}

void remark(Session &S, RemarkKind Kind, uint32_t Unit, StringRef Text, uint32_t Piece = None) {
  S.Remarks.push_back({uint32_t(Kind), Unit, Text.str(), Piece});
}

// The section that the source chose; empty for what the compiler places.
StringRef chosenSection(const Object &O, const Piece &P) {
  StringRef Name = O.Sections[P.Section].Name;
  for (StringRef Own : {".data", ".bss", ".rodata", ".tdata", ".tbss", ".ldata", ".lbss", ".lrodata", ".text", ".gcc_except_table",
                        ".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors"})
    if (Name == Own || (Name.starts_with(Own) && Name[Own.size()] == '.'))
      return "";
  return Name;
}

void checkVariable(Session &S, uint32_t Unit, const Object &Old, const Piece &P, uint32_t NewPiece) {
  const UnitPair &U = S.Units[Unit];
  const Piece &Q = U.New->Pieces[NewPiece];
  StringRef Name = Old.name(P);
  if (P.Kind != Q.Kind) {
    if (P.Kind == PieceKind::Constant || Q.Kind == PieceKind::Constant || P.Kind == PieceKind::ThreadLocal ||
        Q.Kind == PieceKind::ThreadLocal)
      S.refuse(U, Name, Twine("changed from ") + kindName(P) + " to " + kindName(Q) + " data");
    return;
  }
  if (P.Kind == PieceKind::Constant)
    return;
  StringRef Before = chosenSection(Old, P), After = chosenSection(*U.New, Q);
  if (Before != After)
    S.refuse(U, Name, "section changed from " + (Before.empty() ? "the compiler's" : Before) + " to " +
                          (After.empty() ? "the compiler's" : After) + "; the running program's stays where it is");
  if (P.Size != Q.Size) {
    S.refuse(U, Name, "size changed from " + Twine(P.Size) + " to " + Twine(Q.Size) + " bytes; the running program's cannot grow");
    return;
  }
  if (Old.alignment(P) < U.New->alignment(Q) && Old.Sections[P.Section].Align < U.New->Sections[Q.Section].Align)
    S.refuse(U, Name, "alignment changed from " + Twine(Old.alignment(P)) + " to " + Twine(U.New->alignment(Q)) + " bytes");
}

void checkInitialValue(Session &S, uint32_t Unit, uint32_t NewPiece, const Difference &D) {
  const UnitPair &U = S.Units[Unit];
  const Piece &Q = U.New->Pieces[NewPiece];
  const Piece &P = U.Old->Pieces[U.Match.ToOld[NewPiece]];
  StringRef Name = U.Old->name(P);
  if (P.Kind == PieceKind::Constant || P.Kind != Q.Kind || P.Size != Q.Size)
    return;
  if (isNamed(S, "--keep", S.Opts.Keep, Name))
    remark(S, RemarkKind::kKept, Unit, Name);
  else if (Q.Kind == PieceKind::Variable && isNamed(S, "--reinit", S.Opts.Reinit, Name)) {
    remark(S, RemarkKind::kReinit, Unit, Name, NewPiece);
    S.Units[Unit].Touched = true;
  } else
    S.refuse(U, Name, "initial value changed (" + D.What + "); the running program's stays: --keep " + Name +
                          (Q.Kind == PieceKind::Variable ? " if that is right, --reinit " + Name.str() + " to set it"
                                                         : " if that is right"));
}

// The same of data that another unit had.
void checkMovedValue(Session &S, uint32_t Unit, uint32_t NewPiece, const Difference &D) {
  const UnitPair &U = S.Units[Unit];
  const Piece &Q = U.New->Pieces[NewPiece];
  const Moved &From = U.MovedFrom.at(NewPiece);
  const Piece &P = S.Units[From.Unit].Old->Pieces[From.Piece];
  StringRef Name = U.New->name(Q);
  if (P.Kind != Q.Kind)
    return;
  if (P.Kind == PieceKind::Constant)
    S.refuse(U, Name, "moved here from " + S.Units[From.Unit].Path + " and changed (" + D.What +
                          "): do one of both in an update of its own, or give the objects of one program if it is not one "
                          "constant");
  else if (isNamed(S, "--keep", S.Opts.Keep, Name))
    remark(S, RemarkKind::kKept, Unit, Name);
  else if (P.Size == Q.Size)
    S.refuse(U, Name, "initial value changed (" + D.What + "), and it moved here from " + S.Units[From.Unit].Path +
                          "; the running program's stays: --keep " + Name + " if that is right, or give the objects of one program if "
                          "it is not one variable");
}

// A static local that is initialised at its first use in NEW only: the guard is new, and the first call would run the
// initialiser over the value that the running program has.
void checkGuard(Session &S, uint32_t Unit, uint32_t NewPiece) {
  const UnitPair &U = S.Units[Unit];
  StringRef Name = U.New->name(U.New->Pieces[NewPiece]);
  auto Guard = U.New->ByName.find(guardOf(Name));
  if (Guard == U.New->ByName.end() || U.Match.ToOld[Guard->second] != None)
    return;
  if (!isNamed(S, "--reinit", S.Opts.Reinit, Name)) // else the new code itself does what is asked for
    S.refuse(U, Name, "is initialised at its first use in NEW, which would overwrite the running program's value: --reinit " +
                          Name + " if that is right");
}

// Whether a thread-local that is no static local is initialised at its first use.  All of a unit share a guard; what tells of one is the
// symbol of its initialisation, `_ZTH1n`.  The optimiser may drop that of a static one: then it may be if code uses it and the guard.
bool hasInitialisation(const Object &O, uint32_t Variable) {
  const std::string Wanted = initialisationOf(O.name(O.Pieces[Variable]));
  if (any_of(O.Symbols, [&](const Symbol &Sym) { return Sym.Section != None && Sym.Name == Wanted; }))
    return true;
  auto Guard = O.ByName.find("__tls_guard");
  if (!O.Pieces[Variable].Local || Guard == O.ByName.end())
    return false;
  return any_of(O.Pieces, [&](const Piece &P) {
    auto Uses = [&](uint32_t Data) { return any_of(O.targets(P), [&](const Target &T) { return T.Piece == Data; }); };
    return O.isCode(P) && Uses(Variable) && Uses(Guard->second);
  });
}

void checkThreadLocalGuard(Session &S, uint32_t Unit, uint32_t NewPiece) {
  const UnitPair &U = S.Units[Unit];
  const uint32_t OldPiece = U.Match.ToOld[NewPiece];
  StringRef Name = U.New->name(U.New->Pieces[NewPiece]);
  if (U.New->Pieces[NewPiece].Kind != PieceKind::ThreadLocal || U.Old->Pieces[OldPiece].Kind != PieceKind::ThreadLocal ||
      Name.starts_with("_ZZ") || !hasInitialisation(*U.New, NewPiece) || hasInitialisation(*U.Old, OldPiece))
    return;
  if (!isNamed(S, "--reinit", S.Opts.Reinit, Name))
    S.refuse(U, Name, "is initialised at its first use in NEW, which would overwrite the value that it has in each thread: --reinit " +
                          Name + " if that is right");
}

// Somebody may hold a changed constant's address, and would go on seeing the old content.
void checkConstant(Session &S, uint32_t Unit, uint32_t NewPiece, const Difference &D) {
  const UnitPair &U = S.Units[Unit];
  const Piece &Q = U.New->Pieces[NewPiece];
  uint32_t OldPiece = U.Match.ToOld[NewPiece];
  const Piece &P = U.Old->Pieces[OldPiece];
  if (P.Kind != PieceKind::Constant || Q.Kind != PieceKind::Constant)
    return;
  StringRef Name = U.Old->name(P);
  if (Name.starts_with("_ZTV") || Name.starts_with("_ZTC") || Name.starts_with("_ZTT")) {
    S.refuse(U, Name, "vtable changed (" + D.What + "); objects of the running program point to the old one");
    return;
  }
  if (Name.starts_with("_ZTI") || Name.starts_with("_ZTS")) {
    S.refuse(U, Name, "run-time type information changed (" + D.What + ")");
    return;
  }
  std::string Why;
  if ((P.Record && (P.Record->Flags & kSymbolAddressTaken)) || (Q.Record && (Q.Record->Flags & kSymbolAddressTaken)))
    Why = "its address escapes";
  auto HeldBy = [&](const Object &O, uint32_t Target, bool Foreign) {
    for (const Piece &Holder : O.Pieces)
      // In its own unit a constant that points to it has changed with it; one in another unit would go unnoticed.
      if (!O.isCode(Holder) && (Foreign || (Holder.Writable && Holder.Kind != PieceKind::Anonymous)))
        for (const wfdiff::Target &T : O.targets(Holder))
          if (T.Piece == Target || (T.Piece == None && O.Symbols[T.Symbol].Name == Name))
            return O.label(Holder);
    return std::string();
  };
  for (const UnitPair &Other : S.Units) {
    if (!Other.Loaded || (P.Local && &Other != &U))
      continue;
    for (const Object *O : {Other.Old.get(), Other.New.get()})
      if (O && &Other != &U && is_contained(O->Info.Escaping, Name))
        Why = "its address escapes in " + Other.Path;
    for (const Object *O : {Other.Old.get(), Other.New.get()})
      if (std::string Holder = O ? HeldBy(*O, &Other != &U ? None - 1 : O == U.Old.get() ? OldPiece : NewPiece, &Other != &U) : "";
          !Holder.empty())
        Why = (&Other != &U ? "its address is in " : "its address is in the writable ") + Holder;
  }
  if (!P.Local && !S.WholeBuild)
    Why = "other objects may use it (give whole build directories)";
  else if (!P.Local && !P.Hidden && isSharedLibrary(*U.New))
    Why = "it is exported from a shared library";
  if (Why.empty())
    return;
  if (isNamed(S, "--replace-const", S.Opts.ReplaceConst, Name))
    remark(S, RemarkKind::kReplacedConst, Unit, Name);
  else
    S.refuse(U, Name, "constant changed (" + D.What + ") and " + Why + ": --replace-const " + Name + " if that is right");
}

// `f.x`, `f.x.1`, _ZZ...: a variable of a function, which need not have code of its own (inlined everywhere).  Suffixes that
// are the compiler's (`x.1`, `x.llvm.1`, `x.__uniq.1`) make no static local.
bool isStaticLocal(const Object &O, const Piece &P) {
  StringRef Name = O.name(P);
  if (Name.starts_with("_ZZ"))
    return true;
  auto [Function, Rest] = Name.split('.');
  StringRef Variable = Rest.split('.').first;
  return P.Local && !Function.empty() && !Variable.empty() && !isDigit(Variable[0]) && Variable != "llvm" && Variable != "__uniq";
}

// A static local without a counterpart, while a function that used it lives on.
void checkLost(Session &S, uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  std::map<uint32_t, std::string> Survivors; // old variable -> function
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    uint32_t Function = P.Kind == PieceKind::FunctionPart ? P.Parent : I;
    if (!U.Old->isCode(P) || U.Match.ToNew[Function] == None)
      continue;
    for (const Target &T : U.Old->targets(P))
      if (T.Piece != None)
        Survivors.try_emplace(T.Piece, U.Old->label(U.Old->Pieces[Function]));
  }
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    bool State = P.Kind == PieceKind::Variable || P.Kind == PieceKind::ThreadLocal;
    if (!State || U.Match.ToNew[I] != None || U.MovedTo.count(I) || !isStaticLocal(*U.Old, P) || !Survivors.count(I))
      continue;
    StringRef Name = U.Old->name(P);
    if (P.Comdat && S.livesOnElsewhere(Unit, I))
      continue;
    if (isNamed(S, "--keep", S.Opts.Keep, Name))
      remark(S, RemarkKind::kKept, Unit, Name);
    else
      S.refuse(U, Name, "static local of " + Survivors[I] + " has no counterpart in NEW, its state would be lost: --keep " +
                            Name + " if that is right");
  }
}

// A COMDAT variable is one for all units, so all must have found the same counterpart for it.
void checkCopies(Session &S) {
  std::map<std::string, std::string> ToOld, ToNew;
  for (const UnitPair &U : S.Units)
    for (uint32_t I = 0; U.Old && U.New && I < U.New->Pieces.size(); ++I) {
      const Piece &P = U.New->Pieces[I];
      if (!P.Comdat || P.Local || !P.Writable || !isData(P.Kind) || U.Match.ToOld[I] == None)
        continue;
      std::string New = U.New->name(P).str(), Old = U.Old->name(U.Old->Pieces[U.Match.ToOld[I]]).str();
      if (ToOld.try_emplace(New, Old).first->second != Old || ToNew.try_emplace(Old, New).first->second != New)
        S.refuse(U, New, "is " + Old + " of OLD here, another variable in other units; it cannot be told which it is");
    }
}

// Sections whose contents code finds by the linker's __start_ and __stop_ symbols: what an update adds to one is not in it.
class LinkerSets {
public:
  explicit LinkerSets(Session &S) : S(S) {}

  void check(const UnitPair &U) {
    for (uint32_t I = 0; U.New && I < U.New->Pieces.size(); ++I) {
      StringRef Set = setOf(*U.New, I);
      if (Set.empty())
        continue;
      uint32_t Old = U.Match.ToOld[I];
      if (Old == None || setOf(*U.Old, Old) != Set) {
        if (U.New->Pieces[I].NameSymbol != None)
          S.refuse(U, U.New->label(U.New->Pieces[I]), "is new in " + text(Set));
      } else if (auto D = U.ChangedData.find(I); D != U.ChangedData.end() && U.Old->Pieces[Old].Kind == PieceKind::Constant)
        S.refuse(U, U.New->label(U.New->Pieces[I]), "changed (" + D->second.What + ") in " + text(Set));
    }
    for (uint32_t I = 0; U.Old && I < U.Old->Pieces.size(); ++I)
      if (StringRef Set = setOf(*U.Old, I); !Set.empty() && U.Match.ToNew[I] == None && U.Old->Pieces[I].NameSymbol != None)
        S.refuse(U, U.Old->label(U.Old->Pieces[I]), "is gone from " + text(Set));
  }

private:
  Session &S;
  StringMap<bool> Walked;

  static std::string text(StringRef Set) {
    return ("section " + Set + ", which the program walks (__start_" + Set + "): it would not see that").str();
  }

  // The piece's section if it is such a one.
  StringRef setOf(const Object &O, uint32_t Piece) {
    StringRef Name = chosenSection(O, O.Pieces[Piece]);
    if (Name.empty() || O.isCode(O.Pieces[Piece]) || !all_of(Name, [](char C) { return isAlnum(C) || C == '_'; }))
      return "";
    auto [Found, Fresh] = Walked.try_emplace(Name, false);
    if (Fresh)
      Found->second = isUsed(S, ("__start_" + Name).str()) || isUsed(S, ("__stop_" + Name).str());
    return Found->second ? Name : "";
  }
};

// A variable is gone, and a function that used it uses a new one: the value belongs into that.  Either may be used by a callee
// that is gone, or new, as well (a renamed function with its static locals).
void checkReplacedState(Session &S, uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  auto IsState = [](const Piece &P) { return P.Kind == PieceKind::Variable || P.Kind == PieceKind::ThreadLocal; };
  auto StateOf = [&](const Object &O, uint32_t Function, const std::vector<uint32_t> &Match, auto IsWanted) {
    std::set<uint32_t> Result, Seen{Function};
    std::vector<uint32_t> Work{Function};
    while (!Work.empty()) {
      const Piece &P = O.Pieces[Work.back()];
      const bool Direct = Work.back() == Function || P.Parent == Function;
      Work.pop_back();
      for (uint32_t Part : P.Parts)
        if (Seen.insert(Part).second)
          Work.push_back(Part);
      for (const Target &T : O.targets(P)) {
        if (T.Piece == None || Match[T.Piece] != None || !Seen.insert(T.Piece).second)
          continue;
        const Piece &To = O.Pieces[T.Piece];
        if (To.Kind == PieceKind::Function && To.Local)
          Work.push_back(T.Piece);
        else if (IsState(To) && To.NameSymbol != None && IsWanted(T.Piece, Direct))
          Result.insert(T.Piece);
      }
    }
    return Result;
  };
  for (uint32_t F = 0; F < U.Old->Pieces.size(); ++F) {
    if (U.Old->Pieces[F].Kind != PieceKind::Function)
      continue;
    auto To = U.MovedTo.find(F);
    const bool HasMoved = To != U.MovedTo.end();
    const Moved Now = HasMoved ? To->second : Moved{Unit, U.Match.ToNew[F]};
    const UnitPair &V = S.Units[Now.Unit];
    if (Now.Piece == None || V.State[Now.Piece].Kind != Change::Replaced)
      continue;
    // checkLost() sees to static locals that the function itself uses, if it stays.
    auto IsLost = [&](uint32_t P, bool Direct) { return Direct && !HasMoved && isStaticLocal(*U.Old, U.Old->Pieces[P]); };
    std::set<uint32_t> Gone = StateOf(*U.Old, F, U.Match.ToNew, [&](uint32_t P, bool Direct) {
      return !U.MovedTo.count(P) && !IsLost(P, Direct) && !S.livesOnElsewhere(Unit, P);
    });
    std::set<uint32_t> Fresh = StateOf(*V.New, Now.Piece, V.Match.ToOld, [&](uint32_t P, bool) {
      return !V.MovedFrom.count(P) && !S.wasElsewhere(Now.Unit, P);
    });
    const std::string Function = U.Old->label(U.Old->Pieces[F]) + (HasMoved ? " (now in " + V.Path + ")" : "");
    for (uint32_t P : Gone) {
      StringRef Name = U.Old->name(U.Old->Pieces[P]);
      if (Fresh.empty() || isNamed(S, "--keep", S.Opts.Keep, Name))
        continue;
      S.refuse(U, Name, "is gone, and " + Function + ", which used it, uses the new " +
                            V.New->label(V.New->Pieces[*Fresh.begin()]) + ": its value would be lost: --keep " + Name +
                            " if that is right");
    }
  }
}

} // namespace

bool isSharedLibrary(const Object &New) {
  auto Option = [&](StringRef Key) {
    auto Found = New.Info.Options.find(Key);
    return Found == New.Info.Options.end() ? StringRef() : StringRef(Found->second);
  };
  return Option("pic") != "0" && Option("pic") != "" && Option("pie") == "false";
}

void checkData(Session &S) {
  checkCopies(S);
  LinkerSets Sets(S);
  for (uint32_t I = 0; I < S.Units.size(); ++I) {
    const UnitPair &U = S.Units[I];
    if (!U.Loaded || U.Identical)
      continue;
    Sets.check(U);
    if (!U.New) {
      checkReplacedState(S, I); // of functions that are in another unit now: a file that was renamed
      continue;
    }
    for (uint32_t P = 0; U.Old && P < U.Old->Pieces.size(); ++P)
      if (isData(U.Old->Pieces[P].Kind) && U.Match.ToNew[P] != None)
        checkVariable(S, I, *U.Old, U.Old->Pieces[P], U.Match.ToNew[P]);
    for (uint32_t P = 0; U.Old && P < U.New->Pieces.size(); ++P)
      if (isData(U.New->Pieces[P].Kind) && U.Match.ToOld[P] != None) {
        checkGuard(S, I, P);
        checkThreadLocalGuard(S, I, P);
      }
    for (const auto &[New, From] : U.MovedFrom)
      if (isData(U.New->Pieces[New].Kind))
        checkVariable(S, I, *S.Units[From.Unit].Old, S.Units[From.Unit].Old->Pieces[From.Piece], New);
    for (const auto &[New, D] : U.ChangedMoved)
      checkMovedValue(S, I, New, D);
    for (const auto &[New, D] : U.ChangedData) {
      checkInitialValue(S, I, New, D);
      checkConstant(S, I, New, D);
    }
    if (U.Old) {
      checkLost(S, I);
      checkReplacedState(S, I);
    }
  }
}

} // namespace wfdiff
