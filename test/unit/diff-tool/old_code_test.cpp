// Masks and parts of old code.
#include "from_yaml.h"

#include "diff-tool/old_code.h"
#include "format/records.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfdiff::test;

namespace {

using Masks = std::vector<std::pair<uint32_t, uint32_t>>;

std::string withRelocation(const std::string &Code, unsigned Offset, const std::string &Type) {
  return R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: ')" +
         Code + R"('}
  - {Name: .rela.text.f, Type: SHT_RELA, Info: .text.f, Relocations: [{Offset: )" +
         std::to_string(Offset) + ", Symbol: x, Type: " + Type + R"(, Addend: -4}]}
Symbols:
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: )" +
         std::to_string(Code.size() / 2) + R"(}
  - {Name: x, Binding: STB_GLOBAL}
)";
}

// A fresh one each time: it remembers functions by address, and each test has objects of its own.
Decoder &decoder() {
  static std::unique_ptr<Decoder> D;
  D = std::make_unique<Decoder>();
  return *D;
}

Masks masks(const OldCode &Code) {
  Masks Result;
  for (const auto &M : Code.Masks)
    Result.push_back({M.offset, M.length});
  return Result;
}

Masks masksOf(const std::string &Code, unsigned Offset, const std::string &Type) {
  auto O = object(withRelocation(Code, Offset, Type));
  return masks(describeOldCode(*O, O->Pieces[pieceOf(*O, "f")], decoder()));
}

TEST(OldCode, MasksWhatLinkersMayRewrite) {
  EXPECT_EQ(masksOf("90e80000000090", 2, "R_X86_64_PLT32"), (Masks{{2, 4}}));
  EXPECT_EQ(masksOf("90488d3d0000000090", 4, "R_X86_64_PC32"), (Masks{{4, 4}}));
  EXPECT_EQ(masksOf("90ff150000000090", 3, "R_X86_64_GOTPCRELX"), (Masks{{1, 6}}));
  EXPECT_EQ(masksOf("90488b050000000090", 4, "R_X86_64_REX_GOTPCRELX"), (Masks{{1, 7}}));
  EXPECT_EQ(masksOf("90488b050000000090", 4, "R_X86_64_GOTTPOFF"), (Masks{{1, 7}}));
  EXPECT_EQ(masksOf("9066488d3d00000000666648e80000000090", 5, "R_X86_64_TLSGD"), (Masks{{1, 16}}));
  EXPECT_EQ(masksOf("90488d3d00000000e80000000090", 4, "R_X86_64_TLSLD"), (Masks{{1, 12}}));
  EXPECT_EQ(masksOf("90488d3d00000000ff150000000090", 4, "R_X86_64_TLSLD"), (Masks{{1, 13}}));
  EXPECT_EQ(masksOf("90488d050000000090", 4, "R_X86_64_GOTPC32_TLSDESC"), (Masks{{1, 7}}));
  EXPECT_EQ(masksOf("90ff1090", 1, "R_X86_64_TLSDESC_CALL"), (Masks{{1, 2}}));
}

TEST(OldCode, NeverMasksBeyondTheFunction) {
  EXPECT_EQ(masksOf("00000000", 0, "R_X86_64_REX_GOTPCRELX"), (Masks{{0, 4}}));
  EXPECT_EQ(masksOf("66488d3d00000000", 4, "R_X86_64_TLSGD"), (Masks{{0, 8}}));
}

TEST(OldCode, TheDigestIgnoresMaskedBytesOnly) {
  auto Digest = [](const std::string &Code) {
    auto O = object(withRelocation(Code, 2, "R_X86_64_PLT32"));
    return describeOldCode(*O, O->Pieces[pieceOf(*O, "f")], decoder()).Digest;
  };
  EXPECT_EQ(Digest("90e80000000090"), Digest("90e81122334490"));
  EXPECT_NE(Digest("90e80000000090"), Digest("91e80000000090"));
}

TEST(OldCode, MasksTheSledBehindEndbr) {
  auto O = object(withRelocation("f30f1efaa90000000090e800000000", 11, "R_X86_64_PLT32"));
  Piece &F = O->Pieces[pieceOf(*O, "f")];
  SymbolRecord Record{0, wfp::format::kFunctionSled | wfp::format::kFunctionEndbr};
  F.Record = &Record;
  EXPECT_EQ(masks(describeOldCode(*O, F, decoder())), (Masks{{4, 5}, {11, 4}}));
}

TEST(OldCode, LocatesPartsByAReferenceInTheMainPart) {
  // jl into the middle of the part by its section, and a part that nothing leads to.
  auto O = object(R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: '900f8c00000000c3'}
  - {Name: .rela.text.f, Type: SHT_RELA, Info: .text.f, Relocations: [{Offset: 3, Symbol: .text.split.f, Type: R_X86_64_PLT32, Addend: 4}]}
  - {Name: .text.split.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: '9090909090909090909090c3'}
  - {Name: .text.lost.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: 'c3'}
Symbols:
  - {Name: .text.split.f, Type: STT_SECTION, Section: .text.split.f}
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: 8}
  - {Name: f.cold, Type: STT_FUNC, Section: .text.split.f, Size: 12}
  - {Name: f.cold.1, Type: STT_FUNC, Section: .text.lost.f, Size: 1}
)");
  OldCode Code = describeOldCode(*O, O->Pieces[pieceOf(*O, "f")], decoder());
  ASSERT_EQ(Code.Parts.size(), 1u);
  EXPECT_EQ(Code.Parts[0].reference, 3u);
  EXPECT_EQ(Code.Parts[0].bias, 4); // S + 4 - P is stored: the part begins at P + field - 4
  EXPECT_EQ(Code.Parts[0].size, 12u);
  EXPECT_EQ(Code.LostParts, std::vector<uint32_t>{pieceOf(*O, "f.cold.1")});
}

} // namespace
