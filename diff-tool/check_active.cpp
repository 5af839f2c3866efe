// Functions that a thread may never leave.  Replacing one is no mistake, but does less than it seems to: the threads
// inside stay in the old version, all of it.  So it is said when the update is made, with what can be done.
//
// Which threads are inside is not known here.  What is known is what the source says: a loop without an exit, a call
// that does not return from such a loop, and `main`, in which a thread is until the program ends.  A loop that ends on a
// flag is not found: `wfpatch status` names the function then.
#include "diff-tool/checks.h"
#include "format/records.h"

#include "llvm/Demangle/Demangle.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {
namespace {

bool hasFlag(const Piece &P, SymbolFlag Flag) { return P.Record && (P.Record->Flags & Flag); }

// The functions that P calls or jumps to, by unit and piece.
SmallVector<Moved, 8> calleesOf(const Session &S, const Moved &Caller) {
  const Object &O = *S.Units[Caller.Unit].Old;
  SmallVector<Moved, 8> Callees;
  auto Add = [&](const Piece &P) {
    for (const Target &T : O.targets(P)) {
      if (T.Piece != None) {
        if (O.Pieces[T.Piece].Kind == PieceKind::Function)
          Callees.push_back({Caller.Unit, T.Piece});
      } else if (auto Found = S.OldGlobals.find(O.Symbols[T.Symbol].Name); Found != S.OldGlobals.end()) {
        Callees.push_back(Found->second.front());
      }
    }
  };
  const Piece &P = O.Pieces[Caller.Piece];
  Add(P);
  for (uint32_t Part : P.Parts)
    Add(O.Pieces[Part]);
  return Callees;
}

// The function with an endless loop that a function which never returns ends in, or nothing: most of those end the
// program.
std::optional<Moved> endlessCallee(const Session &S, const Moved &Function) {
  SmallVector<Moved, 8> Work{Function};
  std::set<std::pair<uint32_t, uint32_t>> Seen;
  while (!Work.empty()) {
    Moved At = Work.pop_back_val();
    for (const Moved &Callee : calleesOf(S, At)) {
      const Piece &P = S.Units[Callee.Unit].Old->Pieces[Callee.Piece];
      if (hasFlag(P, kFunctionEndlessLoop))
        return Callee;
      if (hasFlag(P, kFunctionNoReturn) && Seen.insert({Callee.Unit, Callee.Piece}).second)
        Work.push_back(Callee);
    }
  }
  return std::nullopt;
}

// In its own unit, or in the one that it moved to.
bool isReplacedAnywhere(const Session &S, const UnitPair &U, uint32_t OldPiece) {
  auto To = U.MovedTo.find(OldPiece);
  return To == U.MovedTo.end() ? isReplaced(U, OldPiece)
                               : S.Units[To->second.Unit].State[To->second.Piece].Kind == Change::Replaced;
}

} // namespace

std::string whyNeverLeft(const Session &S, uint32_t Unit, uint32_t OldPiece) {
  const Object &Old = *S.Units[Unit].Old;
  const Piece &P = Old.Pieces[OldPiece];
  if (P.Kind != PieceKind::Function)
    return {};
  if (hasFlag(P, kFunctionEndlessLoop))
    return "holds a loop without an exit";
  if (hasFlag(P, kFunctionNoReturn))
    if (auto Callee = endlessCallee(S, {Unit, OldPiece})) {
      const Object &O = *S.Units[Callee->Unit].Old;
      return "calls " + demangle(O.label(O.Pieces[Callee->Piece])) + ", which holds a loop without an exit";
    }
  if (!P.Local && Old.name(P) == "main")
    return "is active in the first thread as long as the program runs";
  return {};
}

std::string adviceNeverLeft(const Session &S, uint32_t Unit, uint32_t OldPiece) {
  const Object &Old = *S.Units[Unit].Old;
  const Piece &P = Old.Pieces[OldPiece];
  std::string Advice = "a thread inside it keeps the old version for ever, unless --allow-active " + Old.label(P) +
                       " lets it finish there in old code";
  if (hasFlag(P, kFunctionLoopShell))
    return Advice + "; its loop's body is a function of its own, but this change is outside of it, or to the variables "
                    "that the turns share";
  if (hasFlag(P, kFunctionEndlessLoop))
    return Advice + "; in a program built with -fplugin-arg-wfpatch-event-loops=outline, a change inside the loop "
                    "reaches it at the next turn";
  return Advice;
}

void checkActive(Session &S) {
  for (uint32_t Unit = 0; Unit < S.Units.size(); ++Unit) {
    const UnitPair &U = S.Units[Unit];
    if (!U.Touched || !U.Old)
      continue;
    for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
      bool Removed = is_contained(U.Removed, I);
      if (!Removed && !isReplacedAnywhere(S, U, I))
        continue;
      StringRef Name = U.Old->name(U.Old->Pieces[I]);
      std::string Why = whyNeverLeft(S, Unit, I);
      if (!Why.empty() && !isNamed(S.Opts.AllowActive, Name))
        S.warn(U, Name,
               Twine(Removed ? "is removed" : "is replaced") + " and " + Why + ": " + adviceNeverLeft(S, Unit, I));
    }
  }
}

} // namespace wfdiff
