// Whether two correlated pieces mean the same.
#pragma once

#include "diff-tool/session.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace wfdiff {

class Comparer {
public:
  Comparer(const Object &Old, const Object &New, const Correlation &Match, Decoder &Decode);

  // The first difference of two functions or two data pieces, or nothing.
  std::optional<Difference> compare(uint32_t Old, uint32_t New);

  // For initial values: a pointer to a named constant means that constant, whatever it holds.
  void setConstantsByName() { ConstantsByName = true; }
  // Pairs of line numbers whose difference is noise (see line_noise.h).
  void setLinePairs(std::set<std::pair<int64_t, int64_t>> Pairs) { LinePairs = std::move(Pairs); }

private:
  const Object &Old, &New;
  const Correlation &Match;
  Decoder &Decode;
  std::set<std::pair<int64_t, int64_t>> LinePairs;
  bool ConstantsByName = false;

  // Pieces refer to each other in cycles (a function and its jump table).  A pair under comparison counts as equal; what
  // was found equal on that assumption is kept only if the outermost comparison holds.  "Different" is always final.
  llvm::DenseMap<std::pair<uint32_t, uint32_t>, std::optional<Difference>> Known;
  llvm::DenseMap<std::pair<uint32_t, uint32_t>, bool> Assumed;
  unsigned Depth = 0;

  std::optional<Difference> compareUncached(uint32_t O, uint32_t N);
  std::optional<Difference> compareContent(uint32_t O, uint32_t N);
  std::optional<Difference> compareBytes(uint32_t O, uint32_t N);
  std::optional<Difference> compareRelocations(uint32_t O, uint32_t N);
  std::optional<Difference> compareUnwind(uint32_t O, uint32_t N);
  std::optional<std::string> compareEntries(const FrameEntry &A, const FrameEntry &B, bool IsFde);
  // Why two references differ, or nothing.
  std::optional<std::string> compareTargets(const Target &A, const Target &B, bool Distance = false);
  std::optional<std::string> compareStrings(const Target &A, const Target &B, bool Distance);
  bool isLineNoise(uint32_t O, uint32_t N, uint64_t &Offset);
  bool isPlaceOfCheck(uint32_t O, uint32_t N, uint64_t Offset) const;
};

} // namespace wfdiff
