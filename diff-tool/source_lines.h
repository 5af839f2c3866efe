// Where a place of an object's code is in its source, from the debug information, if there is any: for --explain.
#pragma once

#include "diff-tool/model.h"

#include "llvm/DebugInfo/DWARF/DWARFContext.h"

#include <memory>
#include <string>

namespace wfdiff {

class SourceLines {
public:
  explicit SourceLines(const Object &O);
  ~SourceLines();

  // "file.c:12"; empty if the debug information does not know.
  std::string at(const Piece &P, uint64_t Offset) const;

private:
  std::unique_ptr<llvm::object::ObjectFile> File;
  std::unique_ptr<llvm::DWARFContext> Context; // null: no debug information that can be read
};

} // namespace wfdiff
