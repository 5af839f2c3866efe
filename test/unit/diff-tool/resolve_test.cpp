// What relocations point at: the bias of PC-relative fields decides which string of a merged section is meant.
#include "from_yaml.h"

#include "diff-tool/decode.h"
#include "diff-tool/resolve.h"

#include "llvm/BinaryFormat/ELF.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfdiff::test;

namespace {

std::string withCode(const std::string &Code, const std::string &Relocations) {
  return R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: ')" +
         Code + R"('}
  - {Name: .rela.text.f, Type: SHT_RELA, Info: .text.f, Relocations: [)" +
         Relocations + R"(]}
  - {Name: .rodata.str1.1, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_MERGE, SHF_STRINGS], EntSize: 1, Content: '616200636400656600'}
Symbols:
  - {Name: .rodata.str1.1, Type: STT_SECTION, Section: .rodata.str1.1}
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: )" +
         std::to_string(Code.size() / 2) + "}\n";
}

TEST(Resolve, TakesTheBiasFromTheInstruction) {
  // lea .rodata.str1.1+3(%rip), %rdi: nothing follows the field; cmpb $0, .rodata.str1.1+3(%rip): one byte does;
  // movl $1, .rodata.str1.1+3(%rip): four do.
  auto O = object(withCode("488d3d00000000"
                           "803d0000000000"
                           "c7050000000001000000",
                           "{Offset: 3, Symbol: .rodata.str1.1, Type: R_X86_64_PC32, Addend: -1}, "
                           "{Offset: 9, Symbol: .rodata.str1.1, Type: R_X86_64_PC32, Addend: -2}, "
                           "{Offset: 16, Symbol: .rodata.str1.1, Type: R_X86_64_PC32, Addend: -5}"));
  const Piece &F = O->Pieces[pieceOf(*O, "f")];
  ASSERT_EQ(F.RelocationCount, 3u);
  for (const Target &T : O->targets(F)) {
    EXPECT_EQ(O->Pieces[T.Piece].Offset, 3u); // "cd" each time
    EXPECT_EQ(T.Offset, 0);
  }
}

TEST(Resolve, FindsThePlaceInsideAString) {
  auto O = object(withCode("488d3d00000000", "{Offset: 3, Symbol: .rodata.str1.1, Type: R_X86_64_PC32, Addend: 3}"));
  const Target &T = O->targets(O->Pieces[pieceOf(*O, "f")])[0];
  EXPECT_EQ(O->Pieces[T.Piece].Offset, 6u);
  EXPECT_EQ(T.Offset, 1); // "f" of "ef"
}

TEST(Resolve, ABiasedPointerStaysWithTheOnlyPiece) {
  // table - 8 with an index that begins at 1.
  auto O = object(R"(Sections:
  - {Name: .text.f, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: '488d3d00000000'}
  - {Name: .rela.text.f, Type: SHT_RELA, Info: .text.f, Relocations: [{Offset: 3, Symbol: .bss.table, Type: R_X86_64_PC32, Addend: -12}]}
  - {Name: .bss.table, Type: SHT_NOBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 64}
Symbols:
  - {Name: .bss.table, Type: STT_SECTION, Section: .bss.table}
  - {Name: f, Type: STT_FUNC, Section: .text.f, Size: 7}
  - {Name: table, Type: STT_OBJECT, Section: .bss.table, Size: 64}
)");
  const Target &T = O->targets(O->Pieces[pieceOf(*O, "f")])[0];
  EXPECT_EQ(T.Piece, pieceOf(*O, "table"));
  EXPECT_EQ(T.Offset, -8);
}

TEST(Decode, FindsInstructionBoundaries) {
  auto O = object(withCode("a90000000031c0c3", ""));
  Decoder D;
  const Piece &F = O->Pieces[pieceOf(*O, "f")];
  EXPECT_EQ(D.instructionAt(*O, F, 2).Begin, 0u);
  EXPECT_EQ(D.instructionAt(*O, F, 2).Length, 5u);
  EXPECT_EQ(D.instructionAt(*O, F, 6).Begin, 5u);
  EXPECT_EQ(D.text(*O, F, D.instructionAt(*O, F, 5)), "xorl %eax, %eax");
  EXPECT_EQ(D.text(*O, F, D.instructionAt(*O, F, 7)), "retq");
}

TEST(Classify, KnowsWhichFieldsMeanTheSame) {
  EXPECT_EQ(classify(ELF::R_X86_64_PC32), classify(ELF::R_X86_64_PLT32));
  EXPECT_EQ(classify(ELF::R_X86_64_GOTPCREL), classify(ELF::R_X86_64_REX_GOTPCRELX));
  EXPECT_NE(classify(ELF::R_X86_64_32), classify(ELF::R_X86_64_32S));
  EXPECT_EQ(classify(ELF::R_X86_64_GOTOFF64), RelocationClass::Unsupported);
  EXPECT_EQ(fieldSize(ELF::R_X86_64_64), 8u);
  EXPECT_EQ(fieldSize(ELF::R_X86_64_PC32), 4u);
  EXPECT_EQ(fieldSize(ELF::R_X86_64_TLSDESC_CALL), 0u);
}

} // namespace
