// When two functions mean the same.
#include "from_yaml.h"

#include "diff-tool/compare.h"
#include "diff-tool/correlate.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfdiff::test;

namespace {

// A function f of the given code and relocations, two strings, a function g and a variable v.
std::string unit(const std::string &Code, const std::string &Relocations, const std::string &Strings = "616200636400",
                 const std::string &Extra = "") {
  return R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: ')" +
         Code + R"('}
  - {Name: .rela.text.f, Type: SHT_RELA, Info: .text.f, Relocations: [)" +
         Relocations + R"(]}
  - {Name: .text.g, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: 'c3'}
  - {Name: .bss.v, Type: SHT_NOBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 64}
  - {Name: .rodata.str1.1, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_MERGE, SHF_STRINGS], EntSize: 1, Content: ')" +
         Strings + "'}\n" + Extra + R"(
Symbols:
  - {Name: .rodata.str1.1, Type: STT_SECTION, Section: .rodata.str1.1}
  - {Name: .text.f, Type: STT_SECTION, Section: .text.f}
  - {Name: .Lsecond, Type: STT_OBJECT, Section: .rodata.str1.1, Value: 3, Size: 3}
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: )" +
         std::to_string(Code.size() / 2) + R"(}
  - {Name: g, Type: STT_FUNC, Section: .text.g, Size: 1}
  - {Name: v, Type: STT_OBJECT, Section: .bss.v, Size: 64}
  - {Name: undefined, Binding: STB_GLOBAL}
)";
}

std::optional<std::string> difference(const std::string &OldYaml, const std::string &NewYaml,
                                      std::set<std::pair<int64_t, int64_t>> Lines = {}) {
  auto Old = object(OldYaml), New = object(NewYaml);
  Decoder D;
  Correlation C = correlate(*Old, *New, D);
  Comparer Compare(*Old, *New, C, D);
  Compare.setLinePairs(std::move(Lines));
  std::optional<Difference> Found = Compare.compare(pieceOf(*Old, "f"), pieceOf(*New, "f"));
  return Found ? std::optional(Found->What) : std::nullopt;
}

const char Lea[] = "488d3d00000000"; // lea x(%rip), %rdi

std::string to(const std::string &Symbol, int Addend) {
  return "{Offset: 3, Symbol: " + Symbol + ", Type: R_X86_64_PC32, Addend: " + std::to_string(Addend) + "}";
}

TEST(Compare, FormsOfOneReferenceAreTheSame) {
  EXPECT_EQ(difference(unit(Lea, to(".Lsecond", -4)), unit(Lea, to(".rodata.str1.1", -1))), std::nullopt);
}

TEST(Compare, StringsMeanTheirContentWhereverTheyAre) {
  // "cd" is the second string in OLD, the first in NEW.
  EXPECT_EQ(difference(unit(Lea, to(".Lsecond", -4)), unit(Lea, to(".rodata.str1.1", -4), "636400616200")), std::nullopt);
  EXPECT_EQ(difference(unit(Lea, to(".Lsecond", -4)), unit(Lea, to(".Lsecond", -4), "616200636500")),
            "at +0x3 string \"cd\" -> \"ce\"");
}

TEST(Compare, AReferenceIntoAStringMeansItsTail) {
  EXPECT_EQ(difference(unit(Lea, to(".Lsecond", -3)), unit(Lea, to(".Lsecond", -3), "616200786400")), std::nullopt);
  EXPECT_NE(difference(unit(Lea, to(".Lsecond", -3)), unit(Lea, to(".Lsecond", -2))), std::nullopt);
}

TEST(Compare, OffsetsInVariablesCount) {
  EXPECT_EQ(difference(unit(Lea, to("v", 4)), unit(Lea, to("v", 4))), std::nullopt);
  EXPECT_EQ(difference(unit(Lea, to("v", 4)), unit(Lea, to("v", 12))), "at +0x3 v+8 -> v+16");
}

TEST(Compare, TargetsCount) {
  EXPECT_EQ(difference(unit(Lea, to("g", -4)), unit(Lea, to("undefined", -4))), "at +0x3 g -> undefined");
  EXPECT_EQ(difference(unit(Lea, to("g", -4)), unit(Lea, to("v", -4))), "at +0x3 g -> v");
}

TEST(Compare, BytesOutsideFieldsCount) {
  EXPECT_EQ(difference(unit("eb0190c3", ""), unit("eb0290c3", "")), "first difference at +0x1");
  EXPECT_EQ(difference(unit("31c0c3", ""), unit("31c0c390", "")), "size 3 -> 4");
}

TEST(Compare, AFieldThatOnlyOneSideRelocatesDiffers) {
  EXPECT_NE(difference(unit(Lea, to("v", -4)), unit(Lea, "")), std::nullopt);
}

TEST(Compare, JumpTablesAreComparedWithTheirFunction) {
  // f and its table refer to each other.
  auto Table = [](int First) {
    return unit(Lea, "{Offset: 3, Symbol: .rodata.f, Type: R_X86_64_PC32, Addend: -4}", "616200636400", R"(
  - {Name: .rodata.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC], Size: 8}
  - {Name: .rela.rodata.f, Type: SHT_RELA, Info: .rodata.f, Relocations: [{Offset: 0, Symbol: .text.f, Type: R_X86_64_PC32, Addend: )" +
                            std::to_string(First) +
                            R"(}, {Offset: 4, Symbol: .text.f, Type: R_X86_64_PC32, Addend: 9}]}
)") + "  - {Name: .rodata.f, Type: STT_SECTION, Section: .rodata.f}\n";
  };
  // Symbols follow the sections, so the section symbol of the table is the last one.
  EXPECT_EQ(difference(Table(3), Table(3)), std::nullopt);
  EXPECT_NE(difference(Table(3), Table(6)), std::nullopt);
}

TEST(Compare, AlignedLinesAreNoiseInConstantsOnly) {
  // mov $10, %edi -> mov $12, %edi; add $10, %edi -> add $12, %edi; jmp +10 -> jmp +12
  EXPECT_EQ(difference(unit("bf0a000000c3", ""), unit("bf0c000000c3", ""), {{10, 12}}), std::nullopt);
  EXPECT_NE(difference(unit("bf0a000000c3", ""), unit("bf0d000000c3", ""), {{10, 12}}), std::nullopt);
  EXPECT_NE(difference(unit("81c70a000000", ""), unit("81c70c000000", ""), {{10, 12}}), std::nullopt);
  EXPECT_NE(difference(unit("e90a000000", ""), unit("e90c000000", ""), {{10, 12}}), std::nullopt);
  EXPECT_NE(difference(unit("bf0a000000c3", ""), unit("bf0c00000090", ""), {{10, 12}}), std::nullopt);
}

} // namespace
