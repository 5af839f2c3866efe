// The passes, in order.
#include "diff-tool/passes.h"
#include "diff-tool/report.h"

using namespace llvm;

namespace wfdiff {

Expected<Verdict> diff(Session &S, std::vector<uint8_t> &Update) {
  if (Error E = readUnits(S))
    return E;
  correlateUnits(S);
  if (Error E = compareUnits(S))
    return E;
  if (Error E = closeOver(S))
    return E;
  if (Error E = checkAll(S))
    return E;
  if (!S.Refusals.empty())
    return Verdict::Refused;
  if (isUnchanged(S))
    return Verdict::Unchanged;
  Expected<std::vector<uint8_t>> Bytes = writeUpdate(S);
  if (!Bytes)
    return Bytes.takeError();
  Update = std::move(*Bytes);
  return Verdict::Written;
}

} // namespace wfdiff
