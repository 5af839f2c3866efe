// The digest covers a function's main part as the object has it.  The linker writes relocated fields, and the x86-64 psABI
// lets it rewrite instructions around some of them; those bytes count as zero.  From the psABI, sections "Link editor
// optimizations" and "Thread-local storage":
//
//   GOTPCRELX             ff 15 / ff 25 / 8b xx <field>    2 bytes before: opcode and ModRM
//   REX_GOTPCRELX         48 8b xx <field>                 3 bytes before: REX, opcode and ModRM
//   GOTTPOFF              48 8b xx <field>                 3 bytes before
//   TLSGD                 66 48 8d 3d <field> 66 66 48 e8 <plt>   the whole 16 bytes (also 66 48 ff 15 with -fno-plt)
//   TLSLD                 48 8d 3d <field> e8 <plt>        the whole 12 bytes, 13 with ff 15
//   GOTPC32_TLSDESC       48 8d 05 <field>                 3 bytes before
//   TLSDESC_CALL          ff 10                            the whole instruction
//
// Line numbers (`__LINE__`) count as zero, too: an earlier update may have left this function out because only they
// differed (line_noise.h), and the running program then has older ones than this object.
#include "diff-tool/old_code.h"

#include "diff-tool/line_noise.h"
#include "diff-tool/resolve.h"
#include "format/records.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/SHA256.h"


using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

static std::pair<uint64_t, uint64_t> rewritable(ArrayRef<uint8_t> Bytes, uint64_t Field, uint32_t Type) {
  uint64_t Begin = Field, End = Field + fieldSize(Type);
  auto Before = [&](uint64_t N) { Begin = Field >= N ? Field - N : 0; };
  switch (Type) {
  case ELF::R_X86_64_GOTPCRELX:
    Before(2);
    break;
  case ELF::R_X86_64_REX_GOTPCRELX:
  case ELF::R_X86_64_GOTTPOFF:
  case ELF::R_X86_64_GOTPC32_TLSDESC:
    Before(3);
    break;
  case ELF::R_X86_64_TLSGD:
    Before(4);
    End = Begin + 16;
    break;
  case ELF::R_X86_64_TLSLD:
    Before(3);
    End = Field + 4 < Bytes.size() && Bytes[Field + 4] == 0xff ? Begin + 13 : Begin + 12;
    break;
  case ELF::R_X86_64_TLSDESC_CALL:
    End = Field + 2;
    break;
  }
  return {Begin, std::min<uint64_t>(End, Bytes.size())};
}

// The operands of P that may be line numbers of its unit.
static std::vector<std::pair<uint64_t, uint64_t>> lineNumbers(const Object &O, const Piece &P, Decoder &Decode) {
  std::vector<std::pair<uint64_t, uint64_t>> Ranges;
  const std::set<int64_t> &Lines = O.Info.LineNumbers;
  ArrayRef<uint8_t> Bytes = O.bytes(P);
  for (uint64_t At = 0; !Lines.empty() && At < Bytes.size();) {
    Decoder::Extent E = Decode.instructionAt(O, P, At);
    if (E.Length == 0)
      break;
    uint64_t Operand = lineOperand(Bytes.slice(E.Begin, E.Length));
    if (Operand && Lines.count(support::endian::read32le(Bytes.data() + E.Begin + Operand)))
      Ranges.push_back({E.Begin + Operand, E.Begin + E.Length});
    At = E.Begin + E.Length;
  }
  return Ranges;
}

OldCode describeOldCode(const Object &O, const Piece &P, Decoder &Decode) {
  OldCode Code;
  ArrayRef<uint8_t> Bytes = O.bytes(P);
  Code.Size = Bytes.size();
  Code.Flags = P.Record ? P.Record->Flags : 0;

  std::vector<std::pair<uint64_t, uint64_t>> Ranges = lineNumbers(O, P, Decode);
  if (Code.Flags & kFunctionSled)
    Ranges.push_back({sled_offset(Code.Flags), std::min<uint64_t>(sled_offset(Code.Flags) + kSledSize, Bytes.size())});
  for (const Relocation &R : O.relocations(P))
    Ranges.push_back(rewritable(Bytes, R.Offset - P.Offset, R.Type));
  llvm::sort(Ranges);
  std::vector<uint8_t> Masked(Bytes.begin(), Bytes.end());
  for (auto [Begin, End] : Ranges) {
    if (Begin >= End)
      continue;
    std::fill(Masked.begin() + Begin, Masked.begin() + End, 0);
    if (!Code.Masks.empty() && Begin <= Code.Masks.back().offset + Code.Masks.back().length) {
      ManifestMask &Last = Code.Masks.back();
      Last.length = std::max<uint64_t>(Last.offset + Last.length, End) - Last.offset;
    } else {
      Code.Masks.push_back({uint32_t(Begin), uint32_t(End - Begin)});
    }
  }
  Code.Digest = SHA256::hash(Masked);

  for (uint32_t Part : P.Parts) {
    const Piece &Q = O.Pieces[Part];
    bool Found = false;
    for (size_t I = 0; I < P.RelocationCount && !Found; ++I) {
      const Relocation &R = O.relocations(P)[I];
      if (O.targets(P)[I].Piece != Part || classify(R.Type) != RelocationClass::PcRelative)
        continue;
      // The field holds S + A - P; without the bias S + A is S + the offset in the part.
      int64_t SymbolInPart = int64_t(O.Symbols[R.Symbol].Value) - int64_t(Q.Offset);
      Code.Parts.push_back({uint32_t(R.Offset - P.Offset), int32_t(SymbolInPart + R.Addend), uint32_t(Q.Size), 0});
      Found = true;
    }
    if (!Found)
      Code.LostParts.push_back(Part);
  }
  return Code;
}

} // namespace wfdiff
