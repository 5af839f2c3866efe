#include "diff-tool/manifest_writer.h"

#include <cstring>

using namespace wfp::format;

namespace wfdiff {

uint32_t ManifestWriter::string(llvm::StringRef S) {
  if (S.empty())
    return 0;
  auto [Found, Fresh] = Offsets.try_emplace(S, Strings.size());
  if (Fresh) {
    Strings.insert(Strings.end(), S.begin(), S.end());
    Strings.push_back('\0');
  }
  return Found->second;
}

template <class Row> static Table place(std::vector<uint8_t> &Out, const std::vector<Row> &Rows) {
  Out.resize((Out.size() + 7) & ~size_t(7));
  Table T{uint32_t(Out.size()), uint32_t(Rows.size())};
  const auto *Bytes = reinterpret_cast<const uint8_t *>(Rows.data());
  Out.insert(Out.end(), Bytes, Bytes + Rows.size() * sizeof(Row));
  return T;
}

std::vector<uint8_t> ManifestWriter::finish() {
  std::vector<uint8_t> Out(sizeof(ManifestHeader));
  ManifestHeader H;
  std::memset(&H, 0, sizeof(H));
  std::memcpy(H.magic, kManifestMagic, sizeof(H.magic));
  H.version = kManifestVersion;
  H.header_size = sizeof(H);
  H.units = place(Out, Units);
  H.sections = place(Out, Sections);
  H.functions = place(Out, Functions);
  H.old_code = place(Out, OldCode);
  H.parts = place(Out, Parts);
  H.masks = place(Out, Masks);
  H.imports = place(Out, Imports);
  H.definitions = place(Out, Definitions);
  H.remarks = place(Out, Remarks);
  H.strings = place(Out, Strings);
  std::memcpy(Out.data(), &H, sizeof(H));
  return Out;
}

} // namespace wfdiff
