// wfdiff over an object that somebody hands us: the whole diff, with the input as NEW and then as OLD of a real object.
//
// An update that comes out of it must be one that the runtime's reader takes: nothing in an object may lead wfdiff to write a
// file that it would refuse itself.
#include "diff-tool/report.h"
#include "test/fuzz/support.h"

#include <cstdlib>

using namespace llvm;
using namespace wfdiff;

namespace {

void diffPair(const std::string &Old, const std::string &New) {
  Session S;
  S.Opts.Old = Old;
  S.Opts.New = New;
  std::vector<uint8_t> Update;
  Expected<Verdict> V = diff(S, Update);
  if (!V) {
    if (toString(V.takeError()).empty())
      std::abort(); // an error says what is wrong
    return;
  }
  printRefusals(S, nulls());
  printExplanation(S, nulls());
  printJson(S, *V, nulls());
  printSummary(S, *V, nulls());
  if (*V == Verdict::Written && !wfp::fuzz::is_update(Update))
    std::abort(); // is_update() has said why
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *Data, size_t Size) {
  wfp::fuzz::InputFile File(Data, Size);
  StringRef Bytes(reinterpret_cast<const char *>(Data), Size);
  const char *Unit = Bytes.contains("subject.cpp") ? "cxx.o" : "c.o";
  diffPair(WFPATCH_FUZZ_SEEDS + std::string("/old/") + Unit, File.path());
  diffPair(File.path(), WFPATCH_FUZZ_SEEDS + std::string("/new/") + Unit);
  return 0;
}
