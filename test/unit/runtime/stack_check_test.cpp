// The conservative scan: which words on a stack count, and which do not.

#include "runtime/src/stack_check.h"

#include <gtest/gtest.h>

namespace {

using namespace wfp;

// Two functions that follow one another: [0x1005, 0x1040] and [0x1045, 0x1080], entries at 0x1000 and 0x1040.
const AffectedRange ranges[] = {{{0x1005, 0x1040}, "first"}, {{0x1045, 0x1080}, "second"}, {{0x9005, 0x9010}, "far"}};
const Transition transition{ranges, 3, 0x1005, 0x9010};

const char *active(std::initializer_list<std::uintptr_t> words) {
  std::vector<std::uintptr_t> stack(words);
  const AffectedRange *hit = find_active(transition, stack.data(), stack.data() + stack.size());
  return hit ? hit->function : "none";
}

TEST(StackCheck, EmptyStackIsClear) { EXPECT_STREQ(active({}), "none"); }

TEST(StackCheck, ReturnAddressInsideCounts) {
  EXPECT_STREQ(active({0, 7, 0x1020}), "first");
  EXPECT_STREQ(active({0x1046}), "second");
  EXPECT_STREQ(active({0x9008}), "far");
}

TEST(StackCheck, EndCountsSinceACallMayNeverReturn) {
  EXPECT_STREQ(active({0x1080}), "second");
  EXPECT_STREQ(active({0x1081}), "none");
}

// A function's end is the next one's entry: it is a return address of the first, or a pointer to the second; the scan
// must take it for the former.
TEST(StackCheck, EndThatIsTheNextEntryCounts) { EXPECT_STREQ(active({0x1040}), "first"); }

TEST(StackCheck, EntryAndSledDoNotCountSincePointersEqualThem) {
  EXPECT_STREQ(active({0x1000}), "none");
  EXPECT_STREQ(active({0x1004}), "none");
  EXPECT_STREQ(active({0x1041}), "none");
  EXPECT_STREQ(active({0x1044}), "none");
}

TEST(StackCheck, FirstByteBehindTheSledCountsForAnInterruptedContext) { EXPECT_STREQ(active({0x1005}), "first"); }

TEST(StackCheck, OutsideTheBoundsIsCheap) { EXPECT_STREQ(active({0, 0x1000, 0x9011, ~std::uintptr_t{0}}), "none"); }

TEST(StackCheck, NoAffectedCodeMeansClear) {
  const Transition nothing{nullptr, 0, 0, 0};
  std::uintptr_t words[] = {0x1020, 0};
  EXPECT_EQ(find_active(nothing, words, words + 2), nullptr);
}

} // namespace
