// Which symbol is which, and what is kept apart rather than guessed.
#include "from_yaml.h"

#include "diff-tool/correlate.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfdiff::test;

namespace {

struct Function {
  const char *Name, *Code;
  const char *Binding = "STB_LOCAL";
};

std::string functions(std::initializer_list<Function> List) {
  std::string Sections = "Sections:\n", Symbols = "Symbols:\n";
  for (const Function &F : List) {
    std::string Section = std::string(".text.") + F.Name;
    Sections += "  - {Name: '" + Section + "', Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_EXECINSTR], Content: '" + F.Code + "'}\n";
    Symbols += "  - {Name: '" + std::string(F.Name) + "', Type: STT_FUNC, Section: '" + Section + "', Size: " +
               std::to_string(std::string(F.Code).size() / 2) + ", Binding: " + F.Binding + "}\n";
  }
  return Sections + Symbols;
}

Correlation correlated(const Object &Old, const Object &New) {
  Decoder Decode;
  return correlate(Old, New, Decode);
}

// What NEW's `Name` is in OLD, or "".
std::string inOld(const Object &Old, const Object &New, const Correlation &C, StringRef Name) {
  uint32_t Piece = C.ToOld[pieceOf(New, Name)];
  return Piece == None ? "" : Old.name(Old.Pieces[Piece]).str();
}

TEST(Correlate, FollowsSuffixesAndLinkage) {
  auto Old = object(functions({{"f.1", "c3"}, {"g", "c3", "STB_GLOBAL"}}));
  auto New = object(functions({{"f.7", "90c3"}, {"g", "90c3", "STB_LOCAL"}}));
  Correlation C = correlated(*Old, *New);
  EXPECT_EQ(inOld(*Old, *New, C, "f.7"), "f.1");
  EXPECT_EQ(inOld(*Old, *New, C, "g"), "g");
}

TEST(Correlate, PairsClosuresByContent) {
  auto Old = object(functions({{"_Z1fv$_0", "31c0c3"}, {"_Z1fv$_1", "31c9c3"}}));
  auto New = object(functions({{"_Z1fv$_0", "31d2c3"}, {"_Z1fv$_1", "31c0c3"}, {"_Z1fv$_2", "31c9c3"}}));
  Correlation C = correlated(*Old, *New);
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_0"), "");
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_1"), "_Z1fv$_0");
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_2"), "_Z1fv$_1");
}

TEST(Correlate, DoesNotGuessAmongClosuresThatChangedAndMoved) {
  auto Old = object(functions({{"_Z1fv$_0", "31c0c3"}, {"_Z1fv$_1", "31c9c3"}}));
  auto New = object(functions({{"_Z1fv$_0", "31d2c3"}, {"_Z1fv$_1", "31dbc3"}, {"_Z1fv$_2", "31c9c3"}}));
  Correlation C = correlated(*Old, *New);
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_0"), "");
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_1"), "");
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_2"), "_Z1fv$_1");
}

TEST(Correlate, TrustsNumbersWhileNoneCameOrWent) {
  auto Old = object(functions({{"_Z1fv$_0", "31c0c3"}, {"_Z1fv$_1", "31c9c3"}}));
  auto New = object(functions({{"_Z1fv$_0", "31d2c3"}, {"_Z1fv$_1", "31c9c3"}}));
  Correlation C = correlated(*Old, *New);
  EXPECT_EQ(inOld(*Old, *New, C, "_Z1fv$_0"), "_Z1fv$_0");
}

TEST(Correlate, KeepsFunctionsAndDataApart) {
  auto Old = object(functions({{"x", "c3"}}));
  auto New = object(R"(Sections:
  - {Name: .data.x, Type: SHT_PROGBITS, Flags: [SHF_ALLOC, SHF_WRITE], Size: 8}
Symbols:
  - {Name: x, Type: STT_OBJECT, Section: .data.x, Size: 8}
)");
  EXPECT_EQ(inOld(*Old, *New, correlated(*Old, *New), "x"), "");
}

} // namespace
