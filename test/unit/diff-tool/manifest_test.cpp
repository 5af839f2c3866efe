// The manifest, read back by the runtime's reader.  Apart from writer_test.cpp, since <elf.h> and LLVM's ELF.h do not mix.
#include "diff-tool/elf_writer.h"
#include "diff-tool/manifest_writer.h"
#include "format/update_reader.h"

#include "llvm/Support/SHA256.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace wfdiff;
using namespace wfp::format;

namespace {

TEST(ManifestWriter, IsReadBack) {
  ManifestWriter M;
  ManifestUnit Unit{};
  Unit.key = M.string("a.c|a.o");
  Unit.old_id[0] = 1;
  M.Units.push_back(Unit);
  M.Remarks.push_back({uint32_t(RemarkKind::kNote), 0, M.string("text"), kNone});
  EXPECT_EQ(M.string("a.c|a.o"), Unit.key); // one offset for one string

  ElfWriter W;
  W.assignIndices();
  std::vector<uint8_t> Bytes = M.finish();
  uint64_t Size = Bytes.size();
  uint32_t Section = W.addSection(kManifestSection, SHT_PROGBITS, 0, 8, std::move(Bytes), Size);
  std::vector<uint8_t> File = cantFail(W.finish());
  auto Open = [&](UpdateReader &Reader, std::string &Why) {
    char Buffer[300];
    wfp::TextSink Sink(Buffer, sizeof(Buffer));
    bool Good = Reader.open(File.data(), File.size(), Sink);
    Why = Buffer;
    return Good;
  };
  UpdateReader Reader;
  std::string Why;
  EXPECT_FALSE(Open(Reader, Why)); // without its digest
  std::array<uint8_t, 32> Digest = SHA256::hash(File);
  std::copy(Digest.begin(), Digest.end(), File.begin() + W.fileOffset(Section) + offsetof(ManifestHeader, digest));
  ASSERT_TRUE(Open(Reader, Why)) << Why;
  ASSERT_EQ(Reader.units().size(), 1u);
  EXPECT_STREQ(Reader.string(Reader.units()[0].key), "a.c|a.o");
  ASSERT_EQ(Reader.remarks().size(), 1u);
  EXPECT_STREQ(Reader.string(Reader.remarks()[0].text), "text");
}

} // namespace
