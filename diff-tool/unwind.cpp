// .eh_frame is a sequence of CIEs and FDEs; which function an FDE describes, and where its LSDA is, stand in relocations.
// The call-frame instructions themselves need no relocation and no understanding here: equal bytes mean equal unwinding
// (an FDE's range and initial location are covered by the size and identity of its piece).
#include "diff-tool/unwind.h"

#include "diff-tool/resolve.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"

#include <unordered_map>

using namespace llvm;

namespace wfdiff {

static Error broken(uint64_t At, const Twine &Why) {
  return createStringError(inconvertibleErrorCode(), "section .eh_frame+0x" + Twine::utohexstr(At) + ": " + Why);
}

static void setRelocations(const Section &S, FrameEntry &E) {
  auto Before = [](const Relocation &R, uint64_t At) { return R.Offset < At; };
  auto First = llvm::lower_bound(S.Relocations, E.Offset, Before);
  auto Last = llvm::lower_bound(S.Relocations, E.Offset + E.Size, Before);
  E.FirstRelocation = First - S.Relocations.begin();
  E.RelocationCount = Last - First;
}

static Error readSection(Object &O, uint32_t Index) {
  const Section &S = O.Sections[Index];
  std::unordered_map<uint64_t, uint32_t> CieAt; // no DenseMap: any value may be looked up
  for (uint64_t At = 0; At < S.Bytes.size();) {
    if (S.Bytes.size() - At < 4)
      return broken(At, "truncated entry");
    uint64_t Length = support::endian::read32le(S.Bytes.data() + At);
    if (Length == 0) { // a terminator
      At += 4;
      continue;
    }
    if (Length == 0xffffffff)
      return broken(At, "64-bit entries are not supported");
    if (Length < 4 || Length > S.Bytes.size() - At - 4)
      return broken(At, "entry out of range");
    FrameEntry E;
    E.Section = Index;
    E.Offset = At;
    E.Size = Length + 4;
    setRelocations(S, E);
    uint32_t Id = support::endian::read32le(S.Bytes.data() + At + 4);
    if (Id == 0) {
      CieAt[At] = O.Cies.size();
      O.Cies.push_back(E);
    } else {
      auto Cie = CieAt.find(At + 4 - Id);
      if (Cie == CieAt.end())
        return broken(At, "FDE without a CIE");
      E.Cie = Cie->second;
      for (const Relocation &R : O.relocations(E))
        if (R.Offset == At + 8)
          E.Piece = resolvePlain(O, R).Piece;
      if (E.Piece != None)
        O.Pieces[E.Piece].Fdes.push_back(O.Fdes.size());
      O.Fdes.push_back(E);
    }
    At += E.Size;
  }
  return Error::success();
}

Error readUnwindEntries(Object &O) {
  for (uint32_t I = 0, N = O.Sections.size(); I < N; ++I)
    if (O.Sections[I].Name == ".eh_frame" && O.Sections[I].Type != ELF::SHT_NOBITS)
      if (Error E = readSection(O, I))
        return E;
  return Error::success();
}

} // namespace wfdiff
