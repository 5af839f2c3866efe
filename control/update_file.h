// A .wfp opened by the command: checks that need no process.
#pragma once

#include "control/client.h"

#include <string>
#include <vector>

namespace wfp::control {

// Opens for reading, and refuses what cannot be an update before anybody reads it: not there, not a regular file, too
// large, no ELF file.
Descriptor open_update(const std::string &path);

// The whole file, aligned for UpdateReader (which wants 8).
struct FileBytes {
  std::vector<std::uint64_t> words;
  std::size_t size = 0;
  const std::uint8_t *data() const { return reinterpret_cast<const std::uint8_t *>(words.data()); }
};
FileBytes read_update(const std::string &path);

} // namespace wfp::control
