// Collects the manifest's rows and lays them out (format/manifest.h).
#pragma once

#include "format/manifest.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <vector>

namespace wfdiff {

class ManifestWriter {
public:
  std::vector<wfp::format::ManifestUnit> Units;
  std::vector<wfp::format::ManifestSection> Sections;
  std::vector<wfp::format::ManifestFunction> Functions;
  std::vector<wfp::format::ManifestOldCode> OldCode;
  std::vector<wfp::format::ManifestPart> Parts;
  std::vector<wfp::format::ManifestMask> Masks;
  std::vector<wfp::format::ManifestImport> Imports;
  std::vector<wfp::format::ManifestDefinition> Definitions;
  std::vector<wfp::format::ManifestRemark> Remarks;

  uint32_t string(llvm::StringRef S); // the same offset for the same string
  std::vector<uint8_t> finish();      // digest zero

private:
  llvm::StringMap<uint32_t> Offsets;
  std::vector<char> Strings{'\0'};
};

} // namespace wfdiff
