// What the running program's code must be for an update to fit: digests, masks and parts of OLD's functions.
#pragma once

#include "diff-tool/decode.h"
#include "diff-tool/model.h"
#include "format/manifest.h"

#include <array>
#include <vector>

namespace wfdiff {

struct OldCode {
  std::array<uint8_t, 32> Digest{};
  uint64_t Size = 0;
  uint32_t Flags = 0;
  std::vector<wfp::format::ManifestMask> Masks; // sorted, disjoint
  std::vector<wfp::format::ManifestPart> Parts;
  std::vector<uint32_t> LostParts; // parts that no relative reference in the main part leads to

  bool operator==(const OldCode &O) const { return Digest == O.Digest && Size == O.Size && Flags == O.Flags; }
};

OldCode describeOldCode(const Object &O, const Piece &Function, Decoder &Decode);

} // namespace wfdiff
