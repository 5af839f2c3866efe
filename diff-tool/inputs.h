// From two command-line arguments to pairs of objects.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace wfdiff {

struct InputFile {
  std::string File; // for messages
  std::shared_ptr<llvm::MemoryBuffer> Buffer; // null: this side does not have it
};

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
