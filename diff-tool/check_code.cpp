// Changes to code that an update cannot make.
#include "diff-tool/check_signatures.h"
#include "diff-tool/checks.h"
#include "diff-tool/closure.h"
#include "diff-tool/mangled_name.h"
#include "diff-tool/old_code.h"
#include "diff-tool/passes.h"
#include "diff-tool/resolve.h"
#include "format/manifest.h"
#include "format/records.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

bool isReplaced(const UnitPair &U, uint32_t OldPiece) {
  uint32_t New = U.Match.ToNew[OldPiece];
  return New != None && U.State[New].Kind == Change::Replaced;
}

namespace {

// A replaced function must be one that can be armed, and its running frames must be recognisable.
void checkReplaced(Session &S, const UnitPair &U, const Object &Old, const Piece &P) {
  StringRef Name = Old.name(P);
  if (!Old.Info.HasNote)
    return; // said once for the unit
  if (P.IFunc)
    S.refuse(U, Name, "is an ifunc resolver and changed; its choice was made when the program started");
  else if (!P.Record)
    S.refuse(U, Name, "changed, but has no record: it was not compiled by the plugin (module-level assembly?)");
  else if (P.Record->Flags & kFunctionConvention)
    S.refuse(U, Name, "changed, but has no sled: its calling convention may keep r11 live");
  else if (!(P.Record->Flags & kFunctionSled))
    S.refuse(U, Name, "changed, but has no sled");
  if (P.Record && (P.Record->Flags & kFunctionCoroutine))
    S.refuse(U, Name, "is a C++20 coroutine and changed; suspended frames of it may exist");
}

// What a function of NEW must not be if it replaces one.
void checkReplacing(Session &S, const UnitPair &U, uint32_t New) {
  const Object *From = U.Old.get();
  uint32_t Old = From ? U.Match.ToOld[New] : None;
  if (auto Moved = U.MovedFrom.find(New); Moved != U.MovedFrom.end()) {
    From = S.Units[Moved->second.Unit].Old.get();
    Old = Moved->second.Piece;
  }
  const Piece &Q = U.New->Pieces[New], *P = Old != None ? &From->Pieces[Old] : nullptr;
  auto Has = [](const Piece *F, uint32_t Flag) { return F && F->Record && (F->Record->Flags & Flag); };
  // Where both have such a convention, the old one has no sled, which is all there is to say.
  if (Has(&Q, kFunctionConvention) && !Has(P, kFunctionConvention))
    S.refuse(U, U.New->label(Q),
             "has another calling convention in NEW, one that may keep r11 live: calls to it cannot be redirected");
  if (Has(&Q, kFunctionCoroutine))
    S.refuse(U, U.New->label(Q), "is a C++20 coroutine and changed; suspended frames of it may exist");
  auto Escapes = [&](const Piece &F) { return !F.Local || Has(&F, kSymbolAddressTaken); };
  if (P && From->prefix(*P) != U.New->prefix(Q) && (Escapes(*P) || Escapes(Q)))
    S.refuse(U, U.New->label(Q), "has another type in NEW, of which callers through pointers look for a hash in front of its entry "
                                 "(-fsanitize=function), where the running program's stays: give the new one another name");
}

void checkParts(Session &S, const UnitPair &U, const Object &Old, const Piece &P) {
  for (uint32_t Part : describeOldCode(Old, P, S.Decode).LostParts)
    S.refuse(U, Old.label(P), "its split part " + Old.label(Old.Pieces[Part]) + " cannot be located from its main part");
}

bool isConstructor(const Object &O, uint32_t Piece) {
  StringRef Name = O.name(O.Pieces[Piece]);
  // __tls_init, alias _ZTH..., has run in the threads that exist.
  for (uint32_t I : O.Pieces[Piece].Symbols)
    if (O.Symbols[I].Name == "__tls_init" || O.Symbols[I].Name.starts_with("_ZTH"))
      return true;
  if (Name.starts_with("_GLOBAL__sub_I_") || Name.starts_with("_GLOBAL__I_") || Name.starts_with("__cxx_global_var_init"))
    return true;
  for (const wfdiff::Piece &P : O.Pieces) {
    if (P.Kind != PieceKind::Startup || StringRef(O.Sections[P.Section].Name).contains("fini"))
      continue;
    for (const Target &T : O.targets(P))
      if (T.Piece == Piece)
        return true;
  }
  return false;
}

// What .init_array and .fini_array of a unit run, by name.
std::multiset<std::string> startupOf(const Object *O, bool Fini) {
  std::multiset<std::string> Result;
  for (const Piece &P : O ? ArrayRef(O->Pieces) : ArrayRef<Piece>()) {
    if (P.Kind != PieceKind::Startup)
      continue;
    StringRef Section = O->Sections[P.Section].Name;
    if ((Section.contains("fini") || Section.contains("dtors")) != Fini)
      continue;
    for (const Target &T : O->targets(P))
      Result.insert(T.Piece == None ? O->Symbols[T.Symbol].Name.str() : O->label(O->Pieces[T.Piece]));
  }
  return Result;
}

void checkStartup(Session &S, const UnitPair &U) {
  for (bool Fini : {false, true}) {
    std::multiset<std::string> Old = startupOf(U.Old.get(), Fini), New = startupOf(U.New.get(), Fini);
    for (const std::string &Name : New)
      if (!Old.count(Name))
        S.refuse(U, Name, Fini ? "is a new destructor function; the running program would not call it"
                               : "is a new constructor; the running program has started already");
  }
  for (uint32_t I = 0; U.New && I < U.State.size(); ++I)
    if (U.State[I].Kind == Change::Replaced && isConstructor(*U.New, I))
      S.refuse(U, U.New->name(U.New->Pieces[I]),
               "is a constructor and changed (" + U.State[I].Why + "); the running program has executed it already");
}

// A static local of an inline function that was paired with one of the same name in another block.
bool isSibling(const UnitPair &U, StringRef Name, uint32_t New, uint32_t Old) {
  std::string Base = baseName(Name, false);
  return (New != None && baseName(U.New->name(U.New->Pieces[New]), false) == Base) ||
         (Old != None && baseName(U.Old->name(U.Old->Pieces[Old]), false) == Base);
}

// Whether a macro made the name of a line or a counter: it may be another's in the other build.
bool isLineNumbered(const Object &O, StringRef Name) {
  uint64_t Number = None;
  withoutLineNumbers(baseName(Name, false), O.Info.Numbered, Number);
  return Number != None;
}

// Two names of one entry that have entries of their own in the other build: callers of one would get the other.
void checkAliases(Session &S, const UnitPair &U) {
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    if (P.Kind != PieceKind::Function && !isData(P.Kind))
      continue;
    for (uint32_t Sym : P.Symbols) {
      const Symbol &Name = U.Old->Symbols[Sym];
      // Of inline functions: paired as a whole, whatever their numbers.  Those of lines: checkNumberedNames().
      if (isNumbered(Name.Name) || !U.Match.Entities.isSame(Name.Name) || isLineNumbered(*U.Old, Name.Name))
        continue;
      auto Found = U.New->ByName.find(Name.Name);
      if (Name.Binding == ELF::STB_LOCAL || Name.Value != P.Offset || Found == U.New->ByName.end() ||
          U.New->Pieces[Found->second].Local || U.Match.ToNew[I] == Found->second ||
          isSibling(U, Name.Name, U.Match.ToNew[I], U.Match.ToOld[Found->second]))
        continue;
      auto Others = [](const Object &O, const Piece &Q) { return Q.Symbols.size() > 1 ? " an alias of " + O.label(Q) : " on its own"; };
      S.refuse(U, Name.Name,
               "is" + Others(*U.Old, P) + " in OLD, and" + Others(*U.New, U.New->Pieces[Found->second]) + " in NEW");
    }
  }
}

// A new class that has the number of another one of OLD: catch and dynamic_cast of either take it for the other, since the C++
// run-time compares the names in type information.  (So it would closures, but who names their types?)
bool hasNameOfAnother(const UnitPair &U, uint32_t New) {
  StringRef Name = U.New->name(U.New->Pieces[New]);
  return Name.starts_with("_ZTS") && U.Match.ToOld[New] == None && U.Old && U.Old->ByName.count(Name) &&
         any_of(localEntities(Name), [](const LocalEntity &E) { return E.IsClass; }) && !U.Match.Entities.isSame(Name);
}

void checkIncluded(Session &S, uint32_t Unit) {
  const UnitPair &U = S.Units[Unit];
  const Object &New = *U.New;
  for (uint32_t I = 0; I < New.Pieces.size(); ++I) {
    if (!U.State[I].Included)
      continue;
    const Piece &P = New.Pieces[I];
    if (P.Kind == PieceKind::Function && P.IFunc && !(U.Match.ToOld[I] != None && U.Old->Pieces[U.Match.ToOld[I]].IFunc))
      S.refuse(U, New.label(P), "is an ifunc in NEW; an update cannot bring one");
    if (isNamelessData(P) && instrumentationOf(New.Sections[P.Section]).empty())
      S.refuse(U, New.label(P), "is writable data without a name; it cannot be told which data of the program it is");
    if (hasNameOfAnother(U, I))
      S.refuse(U, New.label(P), "is of a new class that has the number of another class in OLD, by which the program would confuse "
                                "them: give the new class a name of its own");
    if (P.Kind == PieceKind::ThreadLocal && any_of(New.bytes(P), [](uint8_t B) { return B != 0; }))
      S.refuse(U, New.label(P), "is a new thread-local with an initial value, which threads that exist would not get");
    // One guard for all dynamically initialised thread-locals of a unit; in the threads that exist it is set.
    if (P.Kind == PieceKind::ThreadLocal && U.Old && U.Old->ByName.count("__tls_guard") && !New.name(P).starts_with("_ZZ"))
      S.refuse(U, New.label(P), "is a new thread-local in a unit whose thread-locals have constructors: threads that exist would "
                                "not construct it");
    const uint64_t MostAligned = P.Kind == PieceKind::ThreadLocal ? kMostAlignedThreadLocal : kMostAlignedSection;
    if (New.Sections[P.Section].Align > MostAligned)
      S.refuse(U, New.label(P), "is aligned to " + std::to_string(New.Sections[P.Section].Align) + " bytes; in an update it can be " +
                                    std::to_string(MostAligned) + " at most");
    for (size_t K = 0; K < P.RelocationCount; ++K) {
      const Relocation &R = New.relocations(P)[K];
      const Target &T = New.targets(P)[K];
      if (classify(R.Type) == RelocationClass::Unsupported)
        S.refuse(U, New.label(P),
                 "needs relocation " + relocationName(R.Type) + " at +0x" + utohexstr(R.Offset - P.Offset) +
                     ", which updates do not support");
      Binding B = bind(S, Unit, R, T);
      if (B.K != Binding::Import || T.Piece == None || B.Name == kImageStateSymbol)
        continue;
      uint32_t Old = U.Match.ToOld[T.Piece];
      if (Old != None && U.Old->Pieces[Old].Local && !U.Old->Pieces[Old].Record && U.Old->Info.HasNote)
        S.refuse(U, B.Name, "is used by " + New.label(P) + ", but has no record by which the running program's could be found");
    }
  }
}

// Whether a function refers to data, perhaps through other constants.
bool leadsTo(const Object &O, uint32_t Function, uint32_t Data) {
  std::vector<uint32_t> Work{Function};
  std::set<uint32_t> Seen{Function};
  while (!Work.empty()) {
    const Piece &P = O.Pieces[Work.back()];
    Work.pop_back();
    for (uint32_t Part : P.Parts)
      if (Seen.insert(Part).second)
        Work.push_back(Part);
    for (const Target &T : O.targets(P)) {
      if (T.Piece == Data)
        return true;
      if (T.Piece != None && !O.isCode(O.Pieces[T.Piece]) && !O.Pieces[T.Piece].Writable && Seen.insert(T.Piece).second)
        Work.push_back(T.Piece);
    }
  }
  return false;
}

// Data that points into a function's body and does not come along with it: a table of labels that the program may have filled,
// one that inline assembly made (.pushsection) and that somebody walks.  Jump tables, and constants that the function itself
// leads to, do come along.
void checkLabels(Session &S, const UnitPair &U, const Object &O, bool IsNew) {
  auto IsReplaced = [&](uint32_t F) { return IsNew ? U.State[F].Kind == Change::Replaced : isReplaced(U, F); };
  std::map<uint32_t, std::set<uint32_t>> Into; // data -> functions
  for (uint32_t I = 0; I < O.Pieces.size(); ++I)
    if (const Piece &P = O.Pieces[I]; !O.isCode(P) && P.Kind != PieceKind::Lsda)
      for (const Target &T : O.targets(P))
        if (T.Piece != None && O.Pieces[T.Piece].Kind == PieceKind::Function && T.Offset != 0 && IsReplaced(T.Piece))
          Into[I].insert(T.Piece);
  for (const auto &[Data, Functions] : Into)
    for (uint32_t F : Functions) {
      const Piece &P = O.Pieces[Data];
      const Section &In = O.Sections[P.Section];
      if (!instrumentationOf(In).empty())
        continue; // said once for the unit
      if (In.Name == "xray_instr_map" || In.Name == "__patchable_function_entries")
        S.refuse(U, O.label(O.Pieces[F]), Twine("changed, and ") +
                                              (In.Name == "xray_instr_map" ? "-fxray-instrument" : "-fpatchable-function-entry=N,M") +
                                              " lets others patch its code; build OLD and NEW without it");
      else if (P.Kind == PieceKind::Variable || P.Kind == PieceKind::ThreadLocal)
        S.refuse(U, O.label(P), "is writable and holds the address of a label in " + O.label(O.Pieces[F]) + ", which changed");
      else if (!leadsTo(O, F, Data))
        S.refuse(U, O.label(P), "leads into " + O.label(O.Pieces[F]) + ", which changed, but is not used by it (a table made by inline "
                                    "assembly?): who uses it would not see the new code");
    }
}

// A removed function whose address somebody may hold runs on, old, and calls through sleds: a callee that is replaced may
// have another signature (a local one, any other convention), and nobody will ever know the caller.  And who calls it may
// call it otherwise now.
void checkRemoved(Session &S, const UnitPair &U) {
  std::set<uint32_t> InData;
  for (const Piece &P : U.Old->Pieces)
    if (!U.Old->isCode(P) && P.Kind != PieceKind::Lsda)
      for (const Target &T : U.Old->targets(P))
        if (T.Piece != None && T.Offset == 0)
          InData.insert(T.Piece);
  for (uint32_t Root : U.Removed) {
    const Piece &R = U.Old->Pieces[Root];
    bool Escapes = InData.count(Root) || (R.Record && (R.Record->Flags & kSymbolAddressTaken));
    if (!Escapes)
      continue;
    if (auto May = U.Match.Ambiguous.find(Root); May != U.Match.Ambiguous.end()) {
      std::string Candidates;
      for (uint32_t N : May->second)
        Candidates += (Candidates.empty() ? "" : ", ") + U.New->label(U.New->Pieces[N]);
      S.refuse(U, U.Old->label(R),
               "has its name from its line or a counter, and it cannot be told whether it has become one of " + Candidates +
                   ", or is gone; its address may still be held: change them in two updates");
    }
    if (StringRef Own = signatureOf(U.Old->Info, U.Old->name(R)); S.ChangedPrototypes.count(Own.str()))
      S.refuse(U, U.Old->label(R), "is removed, but its address may still be held, and a function pointer of its type, " + Own +
                                       ", has another type in NEW");
    std::vector<uint32_t> Work{Root};
    std::set<uint32_t> Seen{Root};
    while (!Work.empty()) {
      const Piece &P = U.Old->Pieces[Work.back()];
      Work.pop_back();
      for (const Target &T : U.Old->targets(P)) {
        if (T.Piece == None || !Seen.insert(T.Piece).second)
          continue;
        const Piece &Callee = U.Old->Pieces[T.Piece];
        if (Callee.Kind == PieceKind::FunctionPart || is_contained(U.Removed, T.Piece))
          Work.push_back(T.Piece);
        else if (Callee.Kind == PieceKind::Function && isReplaced(U, T.Piece) && (Callee.Local || signatureChanged(U, T.Piece)))
          S.refuse(U, U.Old->label(R),
                   "is removed, but its address may still be held, and it leads to " + U.Old->label(Callee) +
                       (Callee.Local ? ", a local function that changed" : ", whose signature changed"));
      }
    }
  }
}

// What other units call by a name that macros make of a line: the line is another, and so would be what they get.
void checkNumberedNames(Session &S, const UnitPair &U) {
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    if (P.Local || P.Comdat || P.NameSymbol == None || !isLineNumbered(*U.Old, U.Old->name(P)))
      continue;
    const uint32_t New = U.Match.ToNew[I];
    StringRef Before = U.Old->name(P), After = New == None ? "" : U.New->name(U.New->Pieces[New]);
    for (StringRef Name : {Before, After})
      if (Before != After && !Name.empty() && isUsed(S, Name, &U))
        S.refuse(U, Before,
                 "has its name from its line or a counter, " +
                     (New == None ? "has no counterpart in NEW" : "is " + After + " now") + ", and another unit uses " + Name +
                     ": give it a name of its own");
  }
}

// A thread in code that has no symbol is not seen to be in the function that it belongs to.  That matters only if it calls.
void checkNamelessCode(Session &S, const UnitPair &U, const Object &O, uint32_t Function) {
  for (const Target &T : O.targets(O.Pieces[Function])) {
    if (T.Piece == None || !isNamelessCode(O.Pieces[T.Piece]))
      continue;
    const Piece &P = O.Pieces[T.Piece];
    for (uint64_t At = 0; At < P.Size;) {
      Decoder::Extent E = S.Decode.instructionAt(O, P, At);
      if (E.Length == 0 || StringRef(S.Decode.text(O, P, E)).starts_with("call")) {
        S.refuse(U, O.label(O.Pieces[Function]), "leads to " + O.label(P) + ", code without a symbol (inline assembly?) that calls: a thread "
                                                 "in such a call could not be found");
        break;
      }
      At = E.Begin + E.Length;
    }
  }
}

// Closures that are held run old code, or another one's.
void checkEntities(Session &S, const UnitPair &U) {
  for (const auto &[Old, New] : U.Match.Entities.Ambiguous)
    if (isNamed(S, "--trust-type", S.Opts.TrustType, Old))
      S.remarkTrusted(Old);
    else
      S.refuse(U, Old,
               "it cannot be told whether it has become one of " + New + ", or is gone and these are new: change them in two updates, or "
               "--trust-type \"" + Old + "\" if none that the program has made so far is ever used again");
}

} // namespace

void checkCode(Session &S) {
  for (uint32_t I = 0; I < S.Units.size(); ++I) {
    const UnitPair &U = S.Units[I];
    if (!U.Touched)
      continue;
    for (uint32_t P = 0; U.Old && P < U.Old->Pieces.size(); ++P) {
      auto To = U.MovedTo.find(P);
      bool Moved = To != U.MovedTo.end() && U.Old->Pieces[P].Kind == PieceKind::Function;
      bool Replaced = U.Old->Pieces[P].Kind == PieceKind::Function && (Moved || isReplaced(U, P));
      if (Replaced)
        checkReplaced(S, U, *U.Old, U.Old->Pieces[P]);
      if (Replaced || is_contained(U.Removed, P)) {
        checkParts(S, U, *U.Old, U.Old->Pieces[P]);
        checkNamelessCode(S, U, *U.Old, P);
      }
    }
    for (uint32_t P = 0; U.New && P < U.State.size(); ++P)
      if (U.State[P].Included && U.New->Pieces[P].Kind == PieceKind::Function)
        checkNamelessCode(S, U, *U.New, P);
    checkStartup(S, U);
    checkEntities(S, U);
    if (U.New)
      checkIncluded(S, I);
    if (U.Old && U.New) {
      checkLabels(S, U, *U.Old, false);
      checkLabels(S, U, *U.New, true);
      checkAliases(S, U);
      checkNumberedNames(S, U);
      checkSignatures(S, U);
    }
    if (U.Old)
      checkRemoved(S, U);
    for (uint32_t P = 0; U.New && P < U.State.size(); ++P)
      if (U.State[P].Kind == Change::Replaced)
        checkReplacing(S, U, P);
  }
}

} // namespace wfdiff
