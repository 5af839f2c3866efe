#include "diff-tool/check_signatures.h"

#include "diff-tool/check_layouts.h"
#include "diff-tool/checks.h"

using namespace llvm;

namespace wfdiff {

StringRef signatureOf(const UnitInfo &Info, StringRef Function) {
  auto Found = Info.Signatures.find(Function);
  return Found == Info.Signatures.end() ? StringRef() : StringRef(Found->second);
}

// The result, then the parameters.
static std::vector<StringRef> partsOf(StringRef Signature) {
  std::vector<StringRef> Parts;
  size_t Open = Signature.find('('); // a result that is a function pointer has its own parentheses: compared as text then
  Parts.push_back(Signature.take_front(Open));
  unsigned Depth = 0;
  size_t Begin = Open + 1;
  for (size_t I = Begin; Open != StringRef::npos && I < Signature.size(); ++I) {
    Depth += Signature[I] == '(';
    if (Depth == 0 && (Signature[I] == ',' || Signature[I] == ')')) {
      Parts.push_back(Signature.slice(Begin, I));
      Begin = I + 1;
    }
    Depth -= Signature[I] == ')' && Depth > 0;
  }
  return Parts;
}

bool signatureChanged(const UnitPair &U, uint32_t OldPiece) {
  uint32_t New = U.Match.ToNew[OldPiece];
  StringRef A = signatureOf(U.Old->Info, U.Old->name(U.Old->Pieces[OldPiece]));
  StringRef B = New == None ? StringRef() : signatureOf(U.New->Info, U.New->name(U.New->Pieces[New]));
  if (A == B || A.empty() || B.empty())
    return false;
  std::vector<StringRef> X = partsOf(A), Y = partsOf(B);
  TypeComparer Types(U.Old->Info, U.New->Info, U.Match.Entities);
  return X.size() != Y.size() || any_of(zip(X, Y), [&](auto Pair) { return !Types.sameParameter(std::get<0>(Pair), std::get<1>(Pair)); });
}

void checkSignatures(Session &S, const UnitPair &U) {
  for (uint32_t I = 0; I < U.Old->Pieces.size(); ++I) {
    const Piece &P = U.Old->Pieces[I];
    if (P.Kind != PieceKind::Function || P.Local || !isReplaced(U, I) || !signatureChanged(U, I))
      continue;
    StringRef Name = U.Old->name(P);
    std::string What = ("signature changed from " + signatureOf(U.Old->Info, Name) + " to " +
                        signatureOf(U.New->Info, U.New->name(U.New->Pieces[U.Match.ToNew[I]])))
                           .str();
    if (!S.WholeBuild)
      S.refuse(U, Name, What + ", and other objects may call it: give whole build directories");
    else if (!P.Hidden && isSharedLibrary(*U.New))
      S.warn(U, Name, What + ", and a shared library exports it: callers elsewhere do not change with it");
  }
}

} // namespace wfdiff
