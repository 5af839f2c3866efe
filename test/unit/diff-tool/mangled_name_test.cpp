// What is left of a symbol's name without the compiler's numbers, and what must not be taken for one of them.
#include "diff-tool/mangled_name.h"

#include <gtest/gtest.h>

using namespace wfdiff;

namespace {

TEST(BaseName, DropsWhatCompilersNumber) {
  EXPECT_EQ(baseName("f", true), "f");
  EXPECT_EQ(baseName("f.123", true), "f");
  EXPECT_EQ(baseName("f.n.1.2", true), "f.n");
  EXPECT_EQ(baseName("f.llvm.123456", false), "f");
  EXPECT_EQ(baseName("f.123", false), "f.123"); // a global symbol's suffix is its own
  EXPECT_EQ(baseName("_ZZ1fvENK3$_1clEi", true), baseName("_ZZ1fvENK3$_0clEi", true));
  EXPECT_EQ(baseName("_ZZ1fvENKUliE12_clEi", true), baseName("_ZZ1fvENKUliE_clEi", true));
  EXPECT_NE(baseName("_ZZ1fvENKUliE_clEi", true), baseName("_ZZ1gvENKUliE_clEi", true));
  EXPECT_EQ(baseName("_ZN5UltraIiE4f_10Ev", true), "_ZN5UltraIiE4f_10Ev");
}

TEST(LineNumbers, AreFoundInSymbolsOfTheirIdentifiers) {
  const std::vector<NumberedName> Names = {{"n_52", 2, 2}, {"each_7_of", 5, 1}};
  uint64_t Number = 0;
  EXPECT_EQ(withoutLineNumbers("n_52", Names, Number), "n_#");
  EXPECT_EQ(Number, 52u);
  EXPECT_EQ(withoutLineNumbers("f.n_52", Names, Number), "f.n_#");
  EXPECT_EQ(withoutLineNumbers("each_7_of.n", Names, Number), "each_#_of.n");
  EXPECT_EQ(Number, 7u);
  EXPECT_EQ(withoutLineNumbers("_ZZ1fvE4n_52", Names, Number), "_ZZ1fvE3n_#");
  EXPECT_EQ(withoutLineNumbers("_ZL9each_7_ofv", Names, Number), "_ZL9each_#_ofv");
  // Parts of other identifiers.
  for (const char *Other : {"n_523", "an_52", "f.n_5", "_ZZ1fvE5an_52", "_ZZ1fvE14an_52_longer_x"}) {
    Number = 1;
    EXPECT_EQ(withoutLineNumbers(Other, Names, Number), Other);
    EXPECT_EQ(Number, 1u);
  }
}

TEST(BaseName, DropsDiscriminators) {
  EXPECT_EQ(baseName("_ZZ5plainiE1n", true), "_ZZ5plainiE1n");
  EXPECT_EQ(baseName("_ZZ5plainiE1n_0", true), "_ZZ5plainiE1n");
  EXPECT_EQ(baseName("_ZZ5plainiE1n__12_", true), "_ZZ5plainiE1n");
  EXPECT_EQ(baseName("_ZGVZ5plainiE1n_0", true), "_ZGVZ5plainiE1n");
  EXPECT_EQ(baseName("_ZZ1fvEN1S1mE_0v", true), baseName("_ZZ1fvEN1S1mEv", true));
  // Identifiers, array bounds and substitutions that look like one.
  EXPECT_EQ(baseName("_ZZ5plainiE3n_0", true), "_ZZ5plainiE3n_0");
  EXPECT_EQ(baseName("_ZZ1fRA2_iE1n", true), "_ZZ1fRA2_iE1n");
  EXPECT_EQ(baseName("_ZZ1fN1a1bES0_E1n", true), "_ZZ1fN1a1bES0_E1n");
}

TEST(ExternalName, DropsInternalLinkage) {
  EXPECT_EQ(externalName("_ZL5total"), "total");
  EXPECT_EQ(externalName("_ZL6helperi"), "_Z6helperi");
  EXPECT_EQ(externalName("_ZN5innerL4hitsE"), "_ZN5inner4hitsE");
  EXPECT_EQ(externalName("_Z6helperi"), "_Z6helperi");
  EXPECT_EQ(externalName("_Z1fIL1E3EEvv"), "_Z1fIL1E3EEvv"); // an enumerator as template argument
  EXPECT_EQ(externalName("_ZN1L3fooEv"), "_ZN1L3fooEv");
  EXPECT_EQ(externalName("total"), "total");
}

TEST(Guard, BelongsToAStaticLocal) {
  EXPECT_EQ(guardedBy("_ZGVZ1fvE1n_0"), "_ZZ1fvE1n_0");
  EXPECT_EQ(guardOf("_ZZ1fvE1n_0"), "_ZGVZ1fvE1n_0");
  EXPECT_EQ(guardedBy("_ZGV1n"), "");
  EXPECT_EQ(guardOf("n"), "");
}

} // namespace
