// From two command-line arguments to pairs of objects.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace wfdiff {

// An object on disk: a file, or a member of an archive.  It is opened only to be looked into: a build directory holds
// hundreds of megabytes, of which hardly anything matters.
struct InputFile {
  std::string File; // for messages; empty: this side does not have it
  std::string Path; // of the file, or of the archive
  uint64_t Offset = 0, Size = 0;

  bool exists() const { return !File.empty(); }
  llvm::Expected<std::shared_ptr<llvm::MemoryBuffer>> open() const;
};

llvm::Expected<bool> haveSameBytes(const InputFile &A, const InputFile &B);

struct InputPair {
  std::string Path; // relative to the inputs, '/' separated; the pair's name in every message and table
  InputFile Old, New;
};

struct Inputs {
  std::vector<InputPair> Pairs; // sorted by path
  std::vector<std::string> Notes;
  bool WholeBuild = false; // directories: every user of a symbol is in sight
};

llvm::Expected<Inputs> openInputs(const std::string &Old, const std::string &New);

} // namespace wfdiff
