// A small, well-formed .wfp made by hand: one replaced, one removed and one added function, new data, imports, remarks.
#pragma once

#include <cstddef>
#include <string>

namespace wfp::control::test {

struct SampleUpdate {
  std::string bytes;
  std::size_t code_offset = 0;     // of the new code, to flip a byte there
  std::size_t manifest_offset = 0; // of the manifest
};

SampleUpdate make_sample_update();

} // namespace wfp::control::test
