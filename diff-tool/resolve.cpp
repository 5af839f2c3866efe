#include "diff-tool/resolve.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"

using namespace llvm;

namespace wfdiff {

uint32_t pieceAt(const Object &O, uint32_t SectionIndex, int64_t Offset) {
  const std::vector<uint32_t> &Pieces = O.Sections[SectionIndex].Pieces;
  if (Pieces.empty())
    return None;
  // One piece fills the section: also a pointer before its beginning or behind its end (a biased array) means it.
  if (Pieces.size() == 1)
    return Pieces.front();
  auto After = llvm::upper_bound(Pieces, Offset, [&](int64_t At, uint32_t P) { return At < int64_t(O.Pieces[P].Offset); });
  if (After == Pieces.begin())
    return Pieces.front();
  return *std::prev(After);
}

// Relocations compute modulo 2^64.
static int64_t plus(int64_t A, int64_t B) { return int64_t(uint64_t(A) + uint64_t(B)); }

static Target resolveWithBias(const Object &O, const Relocation &R, int64_t Bias) {
  const Symbol &S = O.Symbols[R.Symbol];
  Target T;
  T.Symbol = R.Symbol;
  T.Offset = plus(R.Addend, Bias);
  if (S.Section == None)
    return T;
  int64_t InSection = plus(int64_t(S.Value), T.Offset);
  T.Piece = S.Type == ELF::STT_SECTION ? pieceAt(O, S.Section, InSection) : S.Piece;
  if (T.Piece == None)
    T.Piece = pieceAt(O, S.Section, InSection);
  if (T.Piece != None)
    T.Offset = plus(InSection, -int64_t(O.Pieces[T.Piece].Offset));
  return T;
}

Target resolvePlain(const Object &O, const Relocation &R) { return resolveWithBias(O, R, 0); }

static bool isPcRelative(uint32_t Type) {
  switch (classify(Type)) {
  case RelocationClass::PcRelative:
  case RelocationClass::Got:
  case RelocationClass::GotTpOffset:
  case RelocationClass::TlsGd:
  case RelocationClass::TlsLd:
  case RelocationClass::TlsDesc:
    return true;
  default:
    return false;
  }
}

Target resolve(const Object &O, const Piece &User, const Relocation &R, Decoder &D) {
  if (!O.isCode(User) || !isPcRelative(R.Type))
    return resolvePlain(O, R);
  // -4 is the rule: nothing follows the field.  Decode where that is not certain, and where the offset alone says which
  // piece is meant.
  const Symbol &S = O.Symbols[R.Symbol];
  bool Choice = S.Type == ELF::STT_SECTION && S.Section != None && O.Sections[S.Section].Pieces.size() > 1;
  bool Certain = R.Addend == -4 && !Choice;
  int64_t Bias = Certain ? 4 : D.bias(O, User, R.Offset - User.Offset);
  return resolveWithBias(O, R, Bias);
}

void resolveAll(Object &O, Decoder &D) {
  for (Section &S : O.Sections) {
    S.Targets.clear();
    S.Targets.resize(S.Relocations.size());
    for (uint32_t I : S.Pieces) {
      const Piece &P = O.Pieces[I];
      for (uint32_t R = P.FirstRelocation; R < P.FirstRelocation + P.RelocationCount; ++R)
        S.Targets[R] = resolve(O, P, S.Relocations[R], D);
    }
    if (S.Pieces.empty()) // .eh_frame
      for (uint32_t R = 0; R < S.Relocations.size(); ++R)
        S.Targets[R] = resolvePlain(O, S.Relocations[R]);
  }
}

RelocationClass classify(uint32_t Type) {
  switch (Type) {
  case ELF::R_X86_64_64:
    return RelocationClass::Absolute64;
  case ELF::R_X86_64_32:
    return RelocationClass::Absolute32;
  case ELF::R_X86_64_32S:
    return RelocationClass::Absolute32S;
  case ELF::R_X86_64_PC32:
  case ELF::R_X86_64_PLT32:
    return RelocationClass::PcRelative;
  case ELF::R_X86_64_PC64:
    return RelocationClass::PcRelative64;
  case ELF::R_X86_64_GOTPCREL:
  case ELF::R_X86_64_GOTPCRELX:
  case ELF::R_X86_64_REX_GOTPCRELX:
    return RelocationClass::Got;
  case ELF::R_X86_64_TPOFF32:
    return RelocationClass::TpOffset;
  case ELF::R_X86_64_GOTTPOFF:
    return RelocationClass::GotTpOffset;
  case ELF::R_X86_64_TLSGD:
    return RelocationClass::TlsGd;
  case ELF::R_X86_64_TLSLD:
    return RelocationClass::TlsLd;
  case ELF::R_X86_64_DTPOFF32:
    return RelocationClass::DtpOffset32;
  case ELF::R_X86_64_DTPOFF64:
    return RelocationClass::DtpOffset64;
  case ELF::R_X86_64_GOTPC32_TLSDESC:
    return RelocationClass::TlsDesc;
  case ELF::R_X86_64_TLSDESC_CALL:
    return RelocationClass::TlsDescCall;
  default:
    return RelocationClass::Unsupported;
  }
}

unsigned fieldSize(uint32_t Type) {
  switch (classify(Type)) {
  case RelocationClass::Absolute64:
  case RelocationClass::PcRelative64:
  case RelocationClass::DtpOffset64:
    return 8;
  case RelocationClass::TlsDescCall:
    return 0; // marks the call instruction only
  case RelocationClass::Unsupported:
    return Type == ELF::R_X86_64_16 || Type == ELF::R_X86_64_PC16 ? 2
           : Type == ELF::R_X86_64_8 || Type == ELF::R_X86_64_PC8 ? 1
           : Type == ELF::R_X86_64_GOTOFF64 || Type == ELF::R_X86_64_GOT64 || Type == ELF::R_X86_64_GOTPC64 ||
                   Type == ELF::R_X86_64_SIZE64
               ? 8
               : 4;
  default:
    return 4;
  }
}

std::string relocationName(uint32_t Type) { return object::getELFRelocationTypeName(ELF::EM_X86_64, Type).str(); }

} // namespace wfdiff
