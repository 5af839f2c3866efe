// --explain: for each included function why it is in, and the first difference with both sides' instructions.
#include "diff-tool/report.h"

#include "diff-tool/checks.h"
#include "diff-tool/closure.h"
#include "diff-tool/resolve.h"

#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Format.h"

using namespace llvm;

namespace wfdiff {

static std::string pretty(StringRef Name) { return demangle(std::string_view(Name.data(), Name.size())); }

// The instruction that covers `Offset`, with what it refers to.
static void printSide(Session &S, const char *Side, const Object &O, uint32_t Index, uint64_t Offset, raw_ostream &Out) {
  const Piece &P = O.Pieces[Index];
  Out << "      " << Side << " ";
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
  Out << "\n";
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
        printSide(S, "OLD", *U.Old, State.First->OldPiece, State.First->Offset, Out);
        printSide(S, "NEW", *U.New, State.First->NewPiece, State.First->Offset, Out);
      }
      uint32_t Old = U.Match.ToOld[I];
      if (State.Kind == Change::Replaced && Old != None)
        explainNeverLeft(S, U, Old, Out);
    }
    for (uint32_t P : U.Removed) {
      Out << "  removed function " << pretty(U.Old->label(U.Old->Pieces[P])) << ": only in OLD\n";
      explainNeverLeft(S, U, P, Out);
    }
  }
}

} // namespace wfdiff
