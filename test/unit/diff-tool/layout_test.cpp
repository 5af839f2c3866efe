// Which changes of a type are changes of its layout.
#include "diff-tool/checks.h"
#include "diff-tool/line_noise.h"

#include <gtest/gtest.h>

using namespace wfdiff;

namespace {

Layout type(int64_t Size, std::vector<LayoutField> Fields, bool Escapes = true) {
  Layout L;
  L.Key = "tag:conn";
  L.Name = "struct conn";
  L.Size = Size;
  L.Align = 8;
  L.Escapes = Escapes;
  L.Fields = std::move(Fields);
  return L;
}

std::vector<std::string> refusals(const Layout &Old, const Layout &New, std::set<std::string> Trusted = {}) {
  Session S;
  S.Opts.TrustType = std::move(Trusted);
  UnitPair U;
  U.Loaded = true;
  U.NewFile.File = "new.o";
  auto OldObject = std::make_shared<Object>(), NewObject = std::make_shared<Object>();
  OldObject->Info.Layouts = {Old};
  NewObject->Info.Layouts = {New};
  U.Old = OldObject;
  U.New = NewObject;
  S.Units.push_back(std::move(U));
  checkLayouts(S);
  std::vector<std::string> Result;
  for (const Refusal &R : S.Refusals)
    Result.push_back(R.Symbol + ": " + R.Reason);
  return Result;
}

const LayoutField Fd{"fd", "i32", 0, 32}, State{"state", "i32", 32, 32}, Next{"next", "ptr", 64, 64};

TEST(Layouts, NoChange) { EXPECT_TRUE(refusals(type(16, {Fd, State, Next}), type(16, {Fd, State, Next})).empty()); }

TEST(Layouts, ANewFieldShowsBothSides) {
  LayoutField Moved = Next;
  Moved.Offset = 128;
  std::vector<std::string> All = refusals(type(16, {Fd, State, Next}), type(24, {Fd, State, {"flag", "u8", 64, 8}, Moved}));
  ASSERT_EQ(All.size(), 1u);
  EXPECT_EQ(All[0], "struct conn: layout changed: size 16 -> 24, fields in bytes, OLD | NEW: next ptr @8 | next ptr @16; "
                    "- | flag u8 @8; objects of it may live: --trust-type 'struct conn' if none do");
}

TEST(Layouts, SwappedFieldsOfOneTypeAreAChange) {
  std::vector<std::string> All =
      refusals(type(8, {Fd, State}), type(8, {{"state", "i32", 0, 32}, {"fd", "i32", 32, 32}}));
  ASSERT_EQ(All.size(), 1u);
  EXPECT_NE(All[0].find("fd i32 @0 | fd i32 @4; state i32 @4 | state i32 @0"), std::string::npos) << All[0];
}

TEST(Layouts, ARenamedFieldIsNone) {
  EXPECT_TRUE(refusals(type(8, {Fd, State}), type(8, {Fd, {"phase", "i32", 32, 32}})).empty());
}

TEST(Layouts, AFieldOfAnotherTypeIsAChange) {
  EXPECT_EQ(refusals(type(8, {Fd}), type(8, {{"fd", "f32", 0, 32}})).size(), 1u);
  EXPECT_EQ(refusals(type(8, {Fd}), type(8, {{"fd", "u32", 0, 32}})).size(), 0u); // the same bits
  EXPECT_EQ(refusals(type(8, {{"b", "array:4:i8", 0, 32}}), type(8, {{"b", "array:4:u8", 0, 32}})).size(), 0u);
  EXPECT_EQ(refusals(type(8, {{"b", "array:4:i8", 0, 32}}), type(8, {{"b", "array:2:i16", 0, 32}})).size(), 1u);
}

TEST(Layouts, ABitFieldThatMovesIsAChange) {
  std::vector<std::string> All = refusals(type(8, {{"b", "u32", 3, 2}}), type(8, {{"b", "u32", 4, 2}}));
  ASSERT_EQ(All.size(), 1u);
  EXPECT_NE(All[0].find("b u32:2 @0.3 | b u32:2 @0.4"), std::string::npos) << All[0];
}

TEST(Layouts, AutomaticVariablesThatDoNotEscapeMayChange) {
  EXPECT_TRUE(refusals(type(4, {Fd}, false), type(8, {Fd, State}, false)).empty());
  EXPECT_EQ(refusals(type(4, {Fd}, true), type(8, {Fd, State}, false)).size(), 1u);
}

// Pointers are all alike but for what they lead to: bytes may be anything, a struct of another name is compared, and what
// has no known layout cannot be read wrongly.
TEST(Layouts, WhatAPointerLeadsTo) {
  auto To = [](std::string Type) { return type(8, {{"p", "ptr", 0, 64, std::move(Type)}}); };
  EXPECT_EQ(refusals(To("i32"), To("u32")).size(), 0u);
  EXPECT_EQ(refusals(To("void"), To("i32")).size(), 0u);
  EXPECT_EQ(refusals(To("i32"), To("i8")).size(), 0u);
  EXPECT_EQ(refusals(To("fn"), To("fn")).size(), 0u);
  EXPECT_EQ(refusals(To("record:tag:a"), To("record:tag:b")).size(), 0u);
  std::vector<std::string> All = refusals(To("ptr:i32"), To("ptr:i64"));
  ASSERT_EQ(All.size(), 1u);
  EXPECT_NE(All[0].find("p ptr to ptr:i32 | p ptr to ptr:i64"), std::string::npos) << All[0];
  EXPECT_EQ(refusals(To("i32"), To("ptr:i32")).size(), 1u);
}

TEST(Layouts, TrustedTypesMayChange) {
  EXPECT_TRUE(refusals(type(4, {Fd}), type(8, {Fd, State}), {"struct conn"}).empty());
}

TEST(LinePairs, AlignByFunctionAndOrdinal) {
  UnitInfo Old, New;
  Old.Lines = {{"f", 0, 10}, {"f", 1, 20}, {"g", 0, 30}, {"h", 0, 40}};
  New.Lines = {{"f", 0, 12}, {"f", 1, 22}, {"g", 0, 32}, {"g", 1, 33}, {"h", 0, 40}};
  // g gained one: its lines say nothing; h did not move.
  EXPECT_EQ(linePairs(Old, New), (std::set<std::pair<int64_t, int64_t>>{{10, 12}, {20, 22}}));
}

TEST(LineInString, CountsOnlyBehindAFileOfTheUnit) {
  UnitInfo Unit;
  Unit.Source = "../src/server.c";
  Unit.Layouts.resize(1);
  Unit.Layouts[0].File = "/usr/include/server.h";
  EXPECT_TRUE(differInLineOnly("server.c:9", "server.c:10", Unit));
  EXPECT_TRUE(differInLineOnly("a/server.c:123", "a/server.c:124", Unit));
  EXPECT_TRUE(differInLineOnly("server.h:9", "server.h:10", Unit));
  EXPECT_TRUE(differInLineOnly("a/server.c:9: x > 3", "a/server.c:10: x > 3", Unit));
  EXPECT_FALSE(differInLineOnly("a/server.c:9: x > 3", "a/server.c:10: x > 4", Unit));
  EXPECT_FALSE(differInLineOnly("a/server.c:9: x > 3", "a/server.c:9: x > 4", Unit));
  EXPECT_FALSE(differInLineOnly("a/server.c:9", "b/server.c:9", Unit));
  EXPECT_FALSE(differInLineOnly("other.h:9", "other.h:10", Unit));
  EXPECT_FALSE(differInLineOnly("fileserver.c:9", "fileserver.c:10", Unit));
  EXPECT_FALSE(differInLineOnly("server.c:", "server.c:10", Unit));
  EXPECT_FALSE(differInLineOnly("server.c", "server.c:10", Unit));
  EXPECT_FALSE(differInLineOnly("9", "10", Unit));
  EXPECT_FALSE(differInLineOnly(":9", ":10", UnitInfo()));
}

} // namespace
