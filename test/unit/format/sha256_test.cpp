#include "format/sha256.h"

#include <gtest/gtest.h>
#include <string>

namespace wfp::format {
namespace {

std::string hex_digest(const std::string &text, std::size_t piece) {
  Sha256 hash;
  for (std::size_t at = 0; at < text.size(); at += piece)
    hash.update(text.data() + at, std::min(piece, text.size() - at));
  std::uint8_t digest[Sha256::kDigestBytes];
  hash.finish(digest);
  std::string hex;
  for (std::uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

class Sha256Test : public testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    if (!Sha256::use_instructions(GetParam()))
      GTEST_SKIP() << "this CPU has no SHA instructions";
  }
};
INSTANTIATE_TEST_SUITE_P(Implementations, Sha256Test, testing::Bool(),
                         [](const auto &info) { return info.param ? "Instructions" : "Portable"; });

// The examples of FIPS 180-2, appendix B.
TEST_P(Sha256Test, StandardVectors) {
  EXPECT_EQ(hex_digest("", 64), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_digest("abc", 64), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 64),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_digest(std::string(1000000, 'a'), 4096),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_P(Sha256Test, PiecesMakeNoDifference) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += static_cast<char>(i * 7);
  const std::string whole = hex_digest(text, text.size());
  for (std::size_t piece = 1; piece < 200; ++piece)
    EXPECT_EQ(hex_digest(text, piece), whole) << piece;
}

TEST_P(Sha256Test, ZerosCountAsBytes) {
  for (std::size_t count : {0, 1, 63, 64, 65, 1000}) {
    Sha256 hash;
    hash.update("x", 1);
    hash.update_zeros(count);
    std::uint8_t digest[Sha256::kDigestBytes];
    hash.finish(digest);
    Sha256 same;
    std::string text = "x" + std::string(count, '\0');
    same.update(text.data(), text.size());
    std::uint8_t expected[Sha256::kDigestBytes];
    same.finish(expected);
    EXPECT_EQ(std::string(digest, digest + 32), std::string(expected, expected + 32)) << count;
  }
}

} // namespace
} // namespace wfp::format
