#include "test/fuzz/support.h"

#include "format/update_reader.h"
#include "test/unit/format/update_builder.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

namespace wfp::fuzz {

InputFile::InputFile(const std::uint8_t *bytes, std::size_t size) : descriptor_(memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0 || write(descriptor_, bytes, size) != static_cast<ssize_t>(size))
    std::abort();
}

InputFile::~InputFile() { close(descriptor_); }

std::string InputFile::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

std::vector<std::uint8_t> read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.empty()) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    std::abort();
  }
  return bytes;
}

bool is_update(const std::vector<std::uint8_t> &file) {
  FixedText<512> why;
  format::UpdateReader reader;
  if (reader.open(file.data(), file.size(), why))
    return true;
  std::fprintf(stderr, "wfdiff wrote what is no update: %s\n", why.c_str());
  return false;
}

void seal(std::vector<std::uint8_t> &file) { format::test::seal(file); }

} // namespace wfp::fuzz
