// What the fuzz targets share.  Without <elf.h>, whose macros LLVM's headers cannot bear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wfp::fuzz {

// The input as a file in memory, for what wants a path.
class InputFile {
public:
  InputFile(const std::uint8_t *bytes, std::size_t size);
  ~InputFile();
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  std::string path() const;
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

std::vector<std::uint8_t> read_file(const std::string &path);

// Whether the reader of updates takes it; if not, the reason goes to stderr.
bool is_update(const std::vector<std::uint8_t> &file);

// Writes the digest of a damaged update again, if its manifest can be found, so that the input gets past that check.
void seal(std::vector<std::uint8_t> &file);

} // namespace wfp::fuzz
