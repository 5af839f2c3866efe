// How objects are cut into pieces, and what is refused as malformed.
#include "from_yaml.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfdiff::test;

namespace {

unsigned count(const Object &O, PieceKind Kind) {
  return count_if(O.Pieces, [&](const Piece &P) { return P.Kind == Kind; });
}

std::string hexRecord(const char *Hash) { return std::string(16, '0') + Hash + std::string(16, '0'); }

TEST(Reader, SplitsMergedStringsAtTheirEnds) {
  auto O = object(R"(Sections:
  - {Name: .rodata.str1.1, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_MERGE, SHF_STRINGS], EntSize: 1, Content: '616200006300'}
)");
  ASSERT_EQ(O->Pieces.size(), 3u); // "ab", "", "c"
  EXPECT_EQ(O->Pieces[0].Size, 3u);
  EXPECT_EQ(O->Pieces[1].Size, 1u);
  EXPECT_EQ(O->Pieces[2].Offset, 4u);
  EXPECT_TRUE(O->Pieces[2].String);
}

TEST(Reader, SplitsMergedConstantsByEntry) {
  auto O = object(R"(Sections:
  - {Name: .rodata.cst8, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_MERGE], EntSize: 8, Content: '00112233445566770011223344556677'}
)");
  EXPECT_EQ(count(*O, PieceKind::Anonymous), 2u);
}

TEST(Reader, CutsSharedSectionsAtSymbols) {
  auto O = object(R"(Sections:
  - {Name: .text.hot, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], AddressAlign: 16, Content: 'c390909090909090909090909090909031c0c3'}
Symbols:
  - {Name: a, Type: STT_FUNC, Section: .text.hot, Value: 0, Size: 1, Binding: STB_GLOBAL}
  - {Name: alias, Type: STT_FUNC, Section: .text.hot, Value: 0, Size: 1}
  - {Name: b, Type: STT_FUNC, Section: .text.hot, Value: 16, Size: 3}
)");
  ASSERT_EQ(count(*O, PieceKind::Function), 2u); // the padding between them belongs to neither
  EXPECT_EQ(pieceOf(*O, "a"), pieceOf(*O, "alias"));
  EXPECT_EQ(O->name(O->Pieces[pieceOf(*O, "alias")]), "a"); // the strongest name counts
  EXPECT_EQ(O->Pieces[pieceOf(*O, "b")].Size, 3u);
  EXPECT_EQ(O->alignment(O->Pieces[pieceOf(*O, "b")]), 16u);
}

TEST(Reader, TakesRelocatedWordsInDataForUnwindStubs) {
  auto O = object(R"(Sections:
  - {Name: .data, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], AddressAlign: 8, Size: 16}
  - {Name: .rela.data, Type: SHT_RELA, Info: .data, Relocations: [{Offset: 0, Symbol: _ZTI1A, Type: R_X86_64_64}, {Offset: 8, Symbol: _ZTI1B, Type: R_X86_64_64}]}
Symbols:
  - {Name: _ZTI1A, Binding: STB_GLOBAL}
  - {Name: _ZTI1B, Binding: STB_GLOBAL}
)");
  EXPECT_EQ(count(*O, PieceKind::Anonymous), 2u);
  EXPECT_EQ(count(*O, PieceKind::Variable), 0u);
}

TEST(Reader, KeepsUnnamedWritableDataAsState) {
  auto O = object(R"(Sections:
  - {Name: .data, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], AddressAlign: 8, Content: '0102030405060708'}
)");
  EXPECT_EQ(count(*O, PieceKind::Variable), 1u);
}

TEST(Reader, CallsDataThatIsReadOnlyAfterRelocationConstant) {
  auto O = object(R"(Sections:
  - {Name: .data.rel.ro.names, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 8}
Symbols:
  - {Name: names, Type: STT_OBJECT, Section: .data.rel.ro.names, Size: 8}
)");
  EXPECT_EQ(O->Pieces[pieceOf(*O, "names")].Kind, PieceKind::Constant);
}

TEST(Reader, GivesCommonSymbolsASection) {
  auto O = object(R"(Symbols:
  - {Name: common, Type: STT_OBJECT, Index: SHN_COMMON, Value: 16, Size: 40, Binding: STB_GLOBAL}
)");
  const Piece &P = O->Pieces[pieceOf(*O, "common")];
  EXPECT_EQ(P.Kind, PieceKind::Variable);
  EXPECT_EQ(P.Size, 40u);
  EXPECT_EQ(O->alignment(P), 16u);
}

TEST(Reader, TakesRecordsWithAnyHash) {
  auto O = object(R"(Sections:
  - {Name: wfp_variables, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Content: ')" + hexRecord("ffffffffffffffff") +
                  hexRecord("feffffffffffffff") + R"('}
)");
  EXPECT_EQ(O->Info.Variables.size(), 2u);
}

TEST(Reader, AttachesSplitPartsToTheirFunction) {
  auto O = object(R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: 'e900000000'}
  - {Name: .text.unlikely.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: 'c3'}
  - {Name: .text.cold, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: 'c3'}
Symbols:
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: 5}
  - {Name: f.cold, Type: STT_FUNC, Section: .text.unlikely.f, Size: 1}
  - {Name: other.cold, Type: STT_FUNC, Section: .text.cold, Size: 1}
)");
  EXPECT_EQ(O->Pieces[pieceOf(*O, "f.cold")].Kind, PieceKind::FunctionPart);
  EXPECT_EQ(O->Pieces[pieceOf(*O, "f.cold")].Parent, pieceOf(*O, "f"));
  EXPECT_EQ(O->Pieces[pieceOf(*O, "other.cold")].Kind, PieceKind::Function); // of nobody: a function that is called so
}

struct Malformed {
  const char *Name, *Body, *Message;
};

class MalformedObject : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedObject, IsRefused) {
  Expected<Object> O = parse(GetParam().Body);
  ASSERT_FALSE(static_cast<bool>(O));
  std::string Message = toString(O.takeError());
  EXPECT_NE(Message.find(GetParam().Message), std::string::npos) << Message;
  EXPECT_EQ(Message.find("test.o: "), 0u) << Message;
}

#define EIGHT "5b5b5b5b5b5b5b5b" // [[[[[[[[
#define NESTED EIGHT EIGHT EIGHT EIGHT EIGHT
const Malformed Cases[] = {
    {"SymbolBehindItsSection", R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 4}
Symbols:
  - {Name: x, Section: .data.x, Value: 2, Size: 4}
)",
     "symbol x: lies outside its section"},
    {"SymbolSizeThatOverflows", R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 4}
Symbols:
  - {Name: x, Section: .data.x, Value: 2, Size: 0xffffffffffffffff}
)",
     "symbol x: lies outside its section"},
    {"RelocationBehindItsSection", R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 4}
  - {Name: .rela.data.x, Type: SHT_RELA, Info: .data.x, Relocations: [{Offset: 8, Symbol: x, Type: R_X86_64_64}]}
Symbols:
  - {Name: x, Section: .data.x}
)",
     "section .data.x: relocation out of range"},
    {"RelocationAcrossTheEnd", R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 12}
  - {Name: .rela.data.x, Type: SHT_RELA, Info: .data.x, Relocations: [{Offset: 8, Symbol: x, Type: R_X86_64_64}]}
Symbols:
  - {Name: x, Section: .data.x, Size: 12}
)",
     "section .data.x: relocation across the end of"},
    {"AlignmentThatIsNoPowerOfTwo", R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], AddressAlign: 3, Size: 4}
)",
     "section .data.x: alignment is no power of two"},
    {"TruncatedFrame", R"(Sections:
  - {Name: .eh_frame, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Content: '40000000'}
)",
     "section .eh_frame+0x0: entry out of range"},
    {"FrameWithoutCie", R"(Sections:
  - {Name: .eh_frame, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Content: '0c000000040000000000000000000000'}
)",
     "section .eh_frame+0x0: FDE without a CIE"},
    {"FrameWhoseCieIsNowhere", R"(Sections:
  - {Name: .eh_frame, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Content: '0c000000050000000000000000000000'}
)",
     "section .eh_frame+0x0: FDE without a CIE"}, // its CIE would be at -1, a key that DenseMap keeps for itself
    {"InfoThatIsNestedDeeply", "Sections:\n  - {Name: .wfpatch.info, Type: SHT_PROGBITS, Flags: [SHF_EXCLUDE], Content: '" NESTED "'}\n",
     "section .wfpatch.info: is nested too deeply"},
    {"CompressedSectionOfAbsurdSize", R"(Sections:
  - {Name: .debug_line, Type: SHT_PROGBITS, Flags: [SHF_COMPRESSED], Content: '010000000000000000000000000005000100000000000000789c'}
)",
     "section .debug_line: claims an absurd size"},
    {"CommonSymbolOfAbsurdSize", R"(Symbols:
  - {Name: common, Type: STT_OBJECT, Index: SHN_COMMON, Value: 16, Size: 0xffffffffffff, Binding: STB_GLOBAL}
)",
     "symbol common: absurd size"},
    {"CommonSymbolOfOddAlignment", R"(Symbols:
  - {Name: common, Type: STT_OBJECT, Index: SHN_COMMON, Value: 3, Size: 4, Binding: STB_GLOBAL}
)",
     "symbol common: absurd size or alignment"},
    {"NoteThatIsCut", R"(Sections:
  - {Name: .note.wfpatch, Type: SHT_NOTE, Flags: [SHF_ALLOC], Content: '08000000400000000100000077667061746368000000'}
)",
     "section .note.wfpatch: truncated note"},
    {"RecordsThatAreCut", R"(Sections:
  - {Name: wfp_functions, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Size: 25}
)",
     "section wfp_functions: size is no multiple of 24"},
    {"InfoThatIsNoJson", R"(Sections:
  - {Name: .wfpatch.info, Type: SHT_PROGBITS, Flags: [SHF_EXCLUDE], Content: '7b22'}
)",
     "section .wfpatch.info: "},
};
INSTANTIATE_TEST_SUITE_P(Reader, MalformedObject, testing::ValuesIn(Cases),
                         [](const auto &Info) { return std::string(Info.param.Name); });

} // namespace
