#include "control/errors.h"
#include "control/rows.h"

#include <gtest/gtest.h>

namespace wfp::control {
namespace {

std::string why(const std::string &packet) {
  std::vector<Row> rows;
  try {
    decode(packet, rows);
  } catch (const Malformed &error) {
    return error.what();
  }
  return "accepted";
}

TEST(Rows, EncodesAsTheProtocolSays) {
  EXPECT_EQ(encode(Row{"apply", {{"file", "fix.wfp"}, {"mode", "wait-free"}}}),
            "apply\tfile=fix.wfp\tmode=wait-free\n");
  EXPECT_EQ(encode(Row{"end", {}}), "end\n");
}

TEST(Rows, EscapesBackslashTabAndNewlineAndNothingElse) {
  EXPECT_EQ(encode(Row{"x", {{"v", "a\\b\tc\nd=e\r\x01"}}}), "x\tv=a\\\\b\\tc\\nd=e\r\x01\n");
}

TEST(Rows, DecodesWhatItEncodes) {
  const std::vector<std::string> values = {
      "", "=", "\\", "\\n", "\n", "\t\t", "\\\t\n\\", std::string("\0z", 2), "\xff\xfe", "ä"};
  Row row{"thread", {}};
  for (const std::string &value : values)
    row.add("v", value);
  std::vector<Row> rows;
  decode(encode(row) + encode(Row{"end", {}}), rows);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].kind, "thread");
  EXPECT_EQ(rows[0].all("v"), values);
  EXPECT_EQ(rows[1].kind, "end");
}

TEST(Rows, AppendsTheRowsOfSeveralPackets) {
  std::vector<Row> rows;
  decode("thread\ttid=1\n", rows);
  decode("thread\ttid=2\nend\n", rows);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].required_number("tid"), 2u);
}

TEST(Rows, RefusesWhatIsNotARow) {
  EXPECT_EQ(why("end"), "malformed reply: a row without its newline");
  EXPECT_EQ(why("end\nthread\ttid=1"), "malformed reply: a row without its newline");
  EXPECT_EQ(why("\n"), "malformed reply: a row without a kind");
  EXPECT_EQ(why("\ttid=1\n"), "malformed reply: a row without a kind");
  EXPECT_EQ(why("kind=1\n"), "malformed reply: a row without a kind");
  EXPECT_EQ(why("END OF IT\n"), "malformed reply: a row without a kind");
  EXPECT_EQ(why("thread\ttid\n"), "malformed reply: a field of row 'thread' is not name=value");
  EXPECT_EQ(why("thread\t=1\n"), "malformed reply: a field of row 'thread' is not name=value");
  EXPECT_EQ(why("thread\t\n"), "malformed reply: a field of row 'thread' is not name=value");
  EXPECT_EQ(why("thread\tname=a\\x\n"), "malformed reply: a backslash that escapes nothing");
  EXPECT_EQ(why("thread\tname=a\\\n"), "malformed reply: a backslash that escapes nothing");
  EXPECT_EQ(why(""), "accepted"); // no rows; the caller waits for more
}

TEST(Rows, ReadsNumbersOrSaysWhichIsNone) {
  Row row{"thread", {{"tid", "42"}, {"empty", ""}, {"bad", "4x"}, {"minus", "-1"}, {"big", "18446744073709551616"}}};
  EXPECT_EQ(row.number("tid"), 42u);
  EXPECT_EQ(row.number("absent"), std::nullopt);
  EXPECT_EQ(row.number("empty"), std::nullopt);
  for (const char *field : {"bad", "minus", "big"})
    try {
      row.number(field);
      ADD_FAILURE() << field;
    } catch (const Malformed &error) {
      EXPECT_EQ(error.what(), "malformed reply: " + std::string(field) + "= of row 'thread' is not a number");
    }
  EXPECT_THROW(row.required_number("absent"), Malformed);
}

} // namespace
} // namespace wfp::control
