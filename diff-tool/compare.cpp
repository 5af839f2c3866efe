// Two pieces are equal if their bytes outside relocated fields are, and their relocations mean the same:
//
//   a function             correlated, same offset.  Its body does not count: a reference means the original entry, which
//                          leads to whatever body is current.  A reference *into* a function (jump table, label) holds
//                          only if the bodies are equal too.
//   a variable             correlated, same offset.  Its initial value is none of the user's business.
//   data without a name    same place in its section, equal content: whoever is not replaced goes on with what it has
//   a named constant       correlated or not, equal content
//   an anonymous piece     equal content: strings, constant pools, jump tables, exception tables, thunks; of what
//                          -fsanitize=undefined says of a check, line and column do not count, nor does the line in a
//                          string that tells a place in one of the unit's files
//   an undefined symbol    same name; also against a definition of that name on the other side
//
// To a function belong its parts and, for each, its FDEs with their CIE and LSDA: a handler that catches another type, or
// a callee that may throw now, can be the only trace of a change.
#include "diff-tool/compare.h"

#include "diff-tool/line_noise.h"
#include "diff-tool/mangled_name.h"

#include "diff-tool/correlate.h"
#include "diff-tool/resolve.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace wfdiff {

Comparer::Comparer(const Object &Old, const Object &New, const Correlation &Match, Decoder &Decode)
    : Old(Old), New(New), Match(Match), Decode(Decode) {}

std::optional<Difference> Comparer::compare(uint32_t O, uint32_t N) {
  std::pair<uint32_t, uint32_t> Key(O, N);
  if (auto Found = Known.find(Key); Found != Known.end())
    return Found->second;
  if (!Assumed.try_emplace(Key, true).second)
    return std::nullopt;
  ++Depth;
  std::optional<Difference> Result = compareUncached(O, N);
  --Depth;
  if (Result)
    Known[Key] = Result;
  if (Depth == 0) {
    if (!Result)
      for (auto &[Pair, Ignored] : Assumed)
        Known.try_emplace(Pair, std::nullopt);
    Assumed.clear();
  } else if (Result) {
    Assumed.erase(Key);
  }
  return Result;
}

std::optional<Difference> Comparer::compareUncached(uint32_t O, uint32_t N) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  if (A.Kind != B.Kind && !(A.Kind <= PieceKind::FunctionPart && B.Kind <= PieceKind::FunctionPart) &&
      (A.Writable || B.Writable))
    return Difference{"one is state, the other constant", O, N, 0};
  // The name of a closure's type, or of one of several classes of one name, has the number in it; the type is the same.
  if (Match.ToNew[O] == N && Old.name(A).starts_with("_ZTS") && New.name(B).starts_with("_ZTS") &&
      !localEntities(Old.name(A)).empty())
    return std::nullopt;
  if (Old.prefix(A) != New.prefix(B))
    return Difference{"what stands in front of its entry differs (a hash of its type, -fsanitize=function)", O, N, None};
  if (std::optional<Difference> D = compareContent(O, N))
    return D;
  if (!Old.isCode(A))
    return std::nullopt;
  if (std::optional<Difference> D = compareUnwind(O, N))
    return D;
  if (A.Parts.size() != B.Parts.size())
    return Difference{"is split into " + std::to_string(A.Parts.size() + 1) + " parts in OLD, " +
                          std::to_string(B.Parts.size() + 1) + " in NEW",
                      O, N, 0};
  for (size_t I = 0; I < A.Parts.size(); ++I)
    if (std::optional<Difference> D = compare(A.Parts[I], B.Parts[I]))
      return D;
  return std::nullopt;
}

std::optional<Difference> Comparer::compareContent(uint32_t O, uint32_t N) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  // Bytes first, up to the shorter one's end: where code changed says more than that its size did.
  std::optional<Difference> Bytes = compareBytes(O, N);
  std::optional<Difference> Relocations = compareRelocations(O, N);
  if (Bytes && Relocations)
    return Bytes->Offset <= Relocations->Offset ? Bytes : Relocations;
  if (Bytes || Relocations)
    return Bytes ? Bytes : Relocations;
  if (A.Size != B.Size)
    return Difference{"size " + std::to_string(A.Size) + " -> " + std::to_string(B.Size), O, N,
                      std::min(A.Size, B.Size)};
  if (A.IFunc != B.IFunc)
    return Difference{"one is an ifunc", O, N, 0};
  return std::nullopt;
}

std::optional<Difference> Comparer::compareBytes(uint32_t O, uint32_t N) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  ArrayRef<uint8_t> X = Old.bytes(A), Y = New.bytes(B);
  ArrayRef<Relocation> R = Old.relocations(A), Q = New.relocations(B);
  const bool Code = Old.isCode(A);
  const uint64_t Common = X.empty() && Y.empty() ? 0 : std::min(A.Size, B.Size); // zero on both sides
  auto At = [](ArrayRef<uint8_t> Bytes, uint64_t I) -> uint8_t { return Bytes.empty() ? 0 : Bytes[I]; };
  size_t NextOld = 0, NextNew = 0;
  for (uint64_t I = 0; I < Common;) {
    // Skip a field that both sides relocate at the same place: compareRelocations() sees to it.
    while (NextOld < R.size() && R[NextOld].Offset - A.Offset < I)
      ++NextOld;
    while (NextNew < Q.size() && Q[NextNew].Offset - B.Offset < I)
      ++NextNew;
    if (NextOld < R.size() && NextNew < Q.size() && R[NextOld].Offset - A.Offset == I &&
        Q[NextNew].Offset - B.Offset == I && fieldSize(R[NextOld].Type) == fieldSize(Q[NextNew].Type) &&
        fieldSize(R[NextOld].Type)) {
      I += fieldSize(R[NextOld].Type);
      continue;
    }
    if (isPlaceOfCheck(O, N, I)) {
      I += 8;
      continue;
    }
    if (At(X, I) != At(Y, I) && !(Code && !LinePairs.empty() && isLineNoise(O, N, I)))
      return Difference{"first difference at +0x" + utohexstr(I), O, N, I};
    ++I;
  }
  return std::nullopt;
}

std::optional<Difference> Comparer::compareRelocations(uint32_t O, uint32_t N) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  ArrayRef<Relocation> R = Old.relocations(A), Q = New.relocations(B);
  ArrayRef<Target> S = Old.targets(A), T = New.targets(B);
  for (size_t I = 0; I < std::min(R.size(), Q.size()); ++I) {
    uint64_t X = R[I].Offset - A.Offset, Y = Q[I].Offset - B.Offset;
    if (X != Y)
      return Difference{"the first relocation that differs is at +0x" + utohexstr(std::min(X, Y)), O, N,
                        std::min(X, Y)};
    RelocationClass Class = classify(R[I].Type);
    if (Class != classify(Q[I].Type) || (Class == RelocationClass::Unsupported && R[I].Type != Q[I].Type))
      return Difference{"at +0x" + utohexstr(X) + " relocation " + relocationName(R[I].Type) + " -> " +
                            relocationName(Q[I].Type),
                        O, N, X};
    // A table of distances (what `switch` becomes) counts them from its begin, so that an entry's addend leads past its target.
    bool Distance = !Old.isCode(A) && (Class == RelocationClass::PcRelative || Class == RelocationClass::PcRelative64);
    if (std::optional<std::string> Why = compareTargets(S[I], T[I], Distance))
      return Difference{"at +0x" + utohexstr(X) + " " + *Why, O, N, X};
  }
  if (R.size() != Q.size()) {
    uint64_t At = R.size() > Q.size() ? R[Q.size()].Offset - A.Offset : Q[R.size()].Offset - B.Offset;
    return Difference{"number of relocations " + std::to_string(R.size()) + " -> " + std::to_string(Q.size()), O, N, At};
  }
  return std::nullopt;
}

static std::string quote(ArrayRef<uint8_t> Bytes) {
  std::string Out = "\"";
  for (uint8_t B : Bytes.take_front(40)) {
    if (B == 0)
      break;
    Out += B >= 32 && B < 127 && B != '"' ? std::string(1, char(B)) : "\\x" + utohexstr(B, true, 2);
  }
  return Out + (Bytes.size() > 41 ? "...\"" : "\"");
}

std::optional<std::string> Comparer::compareStrings(const Target &A, const Target &B, bool Distance) {
  // A reference into a string means its tail.  Of a distance it is not known where in the string it leads.
  auto Tail = [&](const Object &O, const Target &T) {
    ArrayRef<uint8_t> Bytes = O.bytes(O.Pieces[T.Piece]);
    return Distance || T.Offset < 0 || uint64_t(T.Offset) > Bytes.size() ? Bytes : Bytes.drop_front(T.Offset);
  };
  ArrayRef<uint8_t> X = Tail(Old, A), Y = Tail(New, B);
  if (X == Y || differInLineOnly(toStringRef(X), toStringRef(Y), New.Info))
    return std::nullopt;
  return "string " + quote(X) + " -> " + quote(Y);
}

std::optional<std::string> Comparer::compareTargets(const Target &A, const Target &B, bool Distance) {
  auto Name = [](const Object &O, const Target &T) {
    return T.Piece == None ? O.Symbols[T.Symbol].Name.str() : O.label(O.Pieces[T.Piece]);
  };
  auto Offsets = [&]() -> std::optional<std::string> {
    if (A.Offset == B.Offset)
      return std::nullopt;
    return Name(Old, A) + "+" + std::to_string(A.Offset) + " -> " + Name(New, B) + "+" + std::to_string(B.Offset);
  };
  auto Other = [&] { return demangle(Name(Old, A)) + " -> " + demangle(Name(New, B)); };
  if (A.Piece == None || B.Piece == None) {
    bool OldGlobal = A.Piece == None || !Old.Pieces[A.Piece].Local;
    bool NewGlobal = B.Piece == None || !New.Pieces[B.Piece].Local;
    const Symbol &X = Old.Symbols[A.Symbol], &Y = New.Symbols[B.Symbol];
    // An absolute symbol (`.set x, 7`) is its value.
    if (X.Absolute != Y.Absolute || (X.Absolute && X.Value != Y.Value))
      return Other();
    if (!OldGlobal || !NewGlobal || Name(Old, A) != Name(New, B))
      return Other();
    return Offsets();
  }
  const Piece &P = Old.Pieces[A.Piece], &Q = New.Pieces[B.Piece];
  if (P.Kind == PieceKind::Function || Q.Kind == PieceKind::Function || P.Kind == PieceKind::FunctionPart ||
      Q.Kind == PieceKind::FunctionPart || P.Writable || Q.Writable) {
    // Pointers, and what inline assembly puts out of line.
    bool Stub = (P.Kind == PieceKind::Anonymous && Q.Kind == PieceKind::Anonymous) || (isNamelessCode(P) && isNamelessCode(Q)) ||
                (isNamelessData(P) && isNamelessData(Q) && P.Offset == Q.Offset &&
                 Old.Sections[P.Section].Name == New.Sections[Q.Section].Name);
    if (!Stub && Match.ToNew[A.Piece] != B.Piece)
      return Other();
    if (std::optional<std::string> Why = Offsets())
      return Why;
    bool Inside = Old.isCode(P) && (A.Offset != 0 || P.Kind == PieceKind::FunctionPart);
    if (!Stub && !Inside)
      return std::nullopt;
    // Parts are compared with their function, for a better place to show; it may be the one that refers to them.
    if (P.Kind == PieceKind::FunctionPart && Q.Kind == PieceKind::FunctionPart && Assumed.count({P.Parent, Q.Parent}))
      return std::nullopt;
    if (std::optional<Difference> D = compare(A.Piece, B.Piece))
      return Name(Old, A) + ": " + D->What;
    return std::nullopt;
  }
  if (P.String && Q.String && !Distance)
    return compareStrings(A, B, false);
  if (std::optional<std::string> Why = Offsets())
    return Why;
  if (P.String && Q.String)
    return compareStrings(A, B, true);
  if (ConstantsByName && P.Kind == PieceKind::Constant && Match.ToNew[A.Piece] == B.Piece)
    return std::nullopt;
  if (std::optional<Difference> D = compare(A.Piece, B.Piece))
    return "constant " + Name(New, B) + ": " + D->What;
  return std::nullopt;
}

std::optional<std::string> Comparer::compareEntries(const FrameEntry &A, const FrameEntry &B, bool IsFde) {
  ArrayRef<uint8_t> X = Old.bytes(A), Y = New.bytes(B);
  ArrayRef<Relocation> R = Old.relocations(A), Q = New.relocations(B);
  const char *What = IsFde ? "unwind information" : "common unwind information";
  // The length, and DW_CFA_nop (zero) at the end, depend on where in the section the entry is.
  auto Meaningful = [](ArrayRef<uint8_t> Bytes, uint64_t EntryBegin, ArrayRef<Relocation> Relocations) {
    uint64_t Least = Relocations.empty() ? 0 : Relocations.back().Offset - EntryBegin + fieldSize(Relocations.back().Type);
    while (Bytes.size() > Least && Bytes.back() == 0)
      Bytes = Bytes.drop_back();
    return Bytes;
  };
  X = Meaningful(X, A.Offset, R);
  Y = Meaningful(Y, B.Offset, Q);
  if (X.size() != Y.size() || R.size() != Q.size())
    return std::string(What) + " differs in size";
  std::vector<bool> Skip(X.size());
  auto SkipBytes = [&](uint64_t Begin, uint64_t Count) {
    for (uint64_t I = Begin; I < std::min<uint64_t>(Begin + Count, Skip.size()); ++I)
      Skip[I] = true;
  };
  SkipBytes(0, 4);
  if (IsFde)
    SkipBytes(4, 4); // the distance to the CIE
  for (size_t I = 0; I < R.size(); ++I) {
    uint64_t At = R[I].Offset - A.Offset;
    if (At != Q[I].Offset - B.Offset || R[I].Type != Q[I].Type)
      return std::string(What) + " is relocated otherwise";
    SkipBytes(At, fieldSize(R[I].Type));
    const Target &T = Old.targets(A)[I], &U = New.targets(B)[I];
    if (IsFde && At == 8)
      continue; // the function itself
    if (std::optional<std::string> Why = compareTargets(T, U))
      return (T.Piece != None && Old.Pieces[T.Piece].Kind == PieceKind::Lsda ? "exception table: " : "personality: ") +
             *Why;
  }
  for (size_t I = 0; I < X.size(); ++I)
    if (!Skip[I] && X[I] != Y[I])
      return std::string(What) + " differs at +0x" + utohexstr(I);
  return std::nullopt;
}

std::optional<Difference> Comparer::compareUnwind(uint32_t O, uint32_t N) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  if (A.Fdes.size() != B.Fdes.size())
    return Difference{A.Fdes.empty() ? "has unwind information only in NEW" : "has unwind information only in OLD", O, N,
                      None};
  for (size_t I = 0; I < A.Fdes.size(); ++I) {
    const FrameEntry &X = Old.Fdes[A.Fdes[I]], &Y = New.Fdes[B.Fdes[I]];
    std::optional<std::string> Why = compareEntries(X, Y, true);
    if (!Why)
      Why = compareEntries(Old.Cies[X.Cie], New.Cies[Y.Cie], false);
    if (Why)
      return Difference{*Why, O, N, None};
  }
  return std::nullopt;
}

// Line and column, behind the file's name, of a check of -fsanitize=undefined; or, in second place, of the attribute that it is due to.
bool Comparer::isPlaceOfCheck(uint32_t O, uint32_t N, uint64_t Offset) const {
  if (!Old.Pieces[O].Check || !New.Pieces[N].Check || (Offset != 8 && Offset != 24))
    return false;
  auto FileIsBefore = [&](const Object &From, const Piece &P) {
    for (size_t I = 0; I < P.RelocationCount; ++I)
      if (const Target &T = From.targets(P)[I]; From.relocations(P)[I].Offset - P.Offset == Offset - 8)
        return T.Piece != None && From.Pieces[T.Piece].String;
    return false;
  };
  return FileIsBefore(Old, Old.Pieces[O]) && FileIsBefore(New, New.Pieces[N]);
}

// `assert` at another line: one instruction of the same length whose 32-bit operand is a pair of aligned __LINE__ values.
// Moves Offset to the operand's last byte.
bool Comparer::isLineNoise(uint32_t O, uint32_t N, uint64_t &Offset) {
  const Piece &A = Old.Pieces[O], &B = New.Pieces[N];
  Decoder::Extent X = Decode.instructionAt(Old, A, Offset), Y = Decode.instructionAt(New, B, Offset);
  if (X.Begin != Y.Begin || X.Length != Y.Length)
    return false;
  ArrayRef<uint8_t> P = Old.bytes(A).slice(X.Begin, X.Length), Q = New.bytes(B).slice(Y.Begin, Y.Length);
  uint64_t Operand = lineOperand(P);
  if (!Operand || P.take_front(Operand) != Q.take_front(Operand))
    return false;
  int64_t OldLine = support::endian::read32le(P.data() + Operand);
  int64_t NewLine = support::endian::read32le(Q.data() + Operand);
  if (!LinePairs.count({OldLine, NewLine}))
    return false;
  Offset = X.Begin + X.Length - 1;
  return true;
}

} // namespace wfdiff
