#include "diff-tool/line_noise.h"

#include <map>

namespace wfdiff {

std::set<std::pair<int64_t, int64_t>> linePairs(const UnitInfo &Old, const UnitInfo &New) {
  std::map<std::string, std::map<int64_t, int64_t>> OldLines, NewLines;
  for (const LineUse &L : Old.Lines)
    OldLines[L.Function][L.Ordinal] = L.Line;
  for (const LineUse &L : New.Lines)
    NewLines[L.Function][L.Ordinal] = L.Line;
  std::set<std::pair<int64_t, int64_t>> Pairs;
  for (const auto &[Function, Lines] : OldLines) {
    auto Other = NewLines.find(Function);
    if (Other == NewLines.end() || Other->second.size() != Lines.size())
      continue;
    for (const auto &[Ordinal, Line] : Lines)
      if (auto Same = Other->second.find(Ordinal); Same != Other->second.end() && Same->second != Line)
        Pairs.insert({Line, Same->second});
  }
  return Pairs;
}

} // namespace wfdiff
