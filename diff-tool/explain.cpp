// --explain: for each included function why it is in, and the first difference with both sides' instructions and source
// lines; where there is no such place (an added function, other unwind information), the lines where the function begins.
#include "diff-tool/report.h"

#include "diff-tool/checks.h"
#include "diff-tool/closure.h"
#include "diff-tool/resolve.h"
#include "diff-tool/source_lines.h"

#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Format.h"

using namespace llvm;

namespace wfdiff {

static std::string pretty(StringRef Name) { return demangle(std::string_view(Name.data(), Name.size())); }

// One side of a unit.
struct Side {
  const char *Name;
  const Object &O;
  SourceLines Lines;

  Side(const char *Name, const Object &O) : Name(Name), O(O), Lines(O) {}
};

// The instruction that covers `Offset`, with what it refers to, and where it comes from.
static void printPlace(Session &S, const Side &On, uint32_t Index, uint64_t Offset, raw_ostream &Out) {
  const Object &O = On.O;
  const Piece &P = O.Pieces[Index];
  Out << "      " << On.Name << " ";
  if (Offset >= P.Size) {
    Out << "(ends here)\n";
    return;
  }
  Decoder::Extent E{Offset, 1};
  if (O.isCode(P)) {
    E = S.Decode.instructionAt(O, P, Offset);
    Out << format("+0x%-4llx %s", static_cast<unsigned long long>(E.Begin), S.Decode.text(O, P, E).c_str());
  } else {
    ArrayRef<uint8_t> Bytes = O.bytes(P);
    Out << format("+0x%-4llx byte 0x%02x", static_cast<unsigned long long>(Offset), Bytes.empty() ? 0 : Bytes[Offset]);
  }
  for (size_t I = 0; I < P.RelocationCount; ++I) {
    const Relocation &R = O.relocations(P)[I];
    uint64_t At = R.Offset - P.Offset;
    if (At < E.Begin || At >= E.Begin + std::max<uint64_t>(E.Length, 1))
      continue;
    const Target &T = O.targets(P)[I];
    Out << "  # " << relocationName(R.Type) << " "
        << (T.Piece == None ? O.Symbols[T.Symbol].Name.str() : O.label(O.Pieces[T.Piece]));
    if (T.Offset != 0)
      Out << (T.Offset > 0 ? "+" : "") << T.Offset;
  }
  if (std::string Line = O.isCode(P) ? On.Lines.at(P, E.Begin) : ""; !Line.empty())
    Out << "  (" << Line << ")";
  Out << "\n";
}

static void printBeginning(const Side &On, uint32_t Index, raw_ostream &Out) {
  const Piece &P = On.O.Pieces[Index];
  if (std::string Line = On.O.isCode(P) ? On.Lines.at(P, 0) : ""; !Line.empty())
    Out << "      " << On.Name << " (" << Line << ")\n";
}

static void explainNeverLeft(const Session &S, const UnitPair &U, uint32_t OldPiece, raw_ostream &Out) {
  uint32_t Unit = &U - S.Units.data();
  if (std::string Why = whyNeverLeft(S, Unit, OldPiece); !Why.empty())
    Out << "      note: it " << Why << ": " << adviceNeverLeft(S, Unit, OldPiece) << "\n";
}

void printExplanation(Session &S, raw_ostream &Out) {
  for (UnitPair &U : S.Units) {
    if (!U.Touched)
      continue;
    Out << U.Path << ":\n";
    std::optional<Side> Old, New;
    if (U.Old)
      Old.emplace("OLD", *U.Old);
    if (U.New)
      New.emplace("NEW", *U.New);
    for (uint32_t I = 0; I < U.State.size(); ++I) {
      const PieceState &State = U.State[I];
      const Piece &P = U.New->Pieces[I];
      if (!State.Included || (P.Kind != PieceKind::Function && !isData(P.Kind)))
        continue;
      Out << "  " << (State.Kind == Change::Added      ? "added function "
                      : State.Kind == Change::Replaced ? "replaced function "
                                                       : "data ")
          << pretty(U.New->label(P)) << ": " << State.Why << "\n";
      if (State.First && State.First->Offset != None) {
        printPlace(S, *Old, State.First->OldPiece, State.First->Offset, Out);
        printPlace(S, *New, State.First->NewPiece, State.First->Offset, Out);
      } else {
        if (U.Match.ToOld[I] != None)
          printBeginning(*Old, U.Match.ToOld[I], Out);
        printBeginning(*New, I, Out);
      }
      if (State.Kind == Change::Replaced && U.Match.ToOld[I] != None)
        explainNeverLeft(S, U, U.Match.ToOld[I], Out);
    }
    for (uint32_t P : U.Removed) {
      Out << "  removed function " << pretty(U.Old->label(U.Old->Pieces[P])) << ": only in OLD\n";
      printBeginning(*Old, P, Out);
      explainNeverLeft(S, U, P, Out);
    }
  }
}

} // namespace wfdiff
