// The ELF writer's files, read back by LLVM.
#include "diff-tool/elf_writer.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;

namespace {

TEST(ElfWriter, PutsLocalSymbolsFirst) {
  ElfWriter W;
  uint32_t Text = W.addSection(".text.f", ELF::SHT_PROGBITS, ELF::SHF_ALLOC | ELF::SHF_EXECINSTR, 16, {0xe8, 0, 0, 0, 0}, 5);
  uint32_t Global = W.addSymbol({"f", ELF::STB_GLOBAL, ELF::STT_FUNC, 0, Text, 0, 5});
  uint32_t Undefined = W.addSymbol({"g", ELF::STB_GLOBAL, ELF::STT_NOTYPE, 0, 0, 0, 0});
  uint32_t Local = W.addSymbol({"h", ELF::STB_LOCAL, ELF::STT_FUNC, 0, Text, 1, 1});
  W.addRelocation(Text, 1, ELF::R_X86_64_PLT32, Undefined, -4);
  W.assignIndices();
  EXPECT_EQ(W.symbolIndex(Local), 1u);
  EXPECT_EQ(W.symbolIndex(Global), 2u);
  Expected<std::vector<uint8_t>> File = W.finish();
  ASSERT_TRUE(static_cast<bool>(File));
  auto Elf = object::ELFFile<object::ELF64LE>::create(StringRef(reinterpret_cast<char *>(File->data()), File->size()));
  ASSERT_TRUE(static_cast<bool>(Elf));
  auto Sections = cantFail(Elf->sections());
  bool Relocated = false;
  for (const auto &S : Sections)
    if (S.sh_type == ELF::SHT_RELA) {
      auto Relas = cantFail(Elf->relas(S));
      ASSERT_EQ(Relas.size(), 1u);
      EXPECT_EQ(Relas[0].getSymbol(false), W.symbolIndex(Undefined));
      EXPECT_EQ(Relas[0].r_addend, -4);
      EXPECT_EQ(S.sh_info, Text);
      Relocated = true;
    } else if (S.sh_type == ELF::SHT_SYMTAB) {
      EXPECT_EQ(S.sh_info, 2u); // one more than the last local symbol
    }
  EXPECT_TRUE(Relocated);
}

TEST(ElfWriter, RefusesMoreSectionsThanElfCanCount) {
  ElfWriter W;
  for (unsigned I = 0; I < 0xff00; ++I)
    W.addSection(".text", ELF::SHT_PROGBITS, ELF::SHF_ALLOC, 1, {}, 0);
  W.assignIndices();
  Expected<std::vector<uint8_t>> File = W.finish();
  ASSERT_FALSE(static_cast<bool>(File));
  EXPECT_NE(toString(File.takeError()).find("more than ELF can count"), std::string::npos);
}

} // namespace
