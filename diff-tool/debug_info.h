// Debug information of the update: that of its units, for debuggers and symbolisers.
#pragma once

#include "diff-tool/elf_writer.h"
#include "diff-tool/model.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>

namespace wfdiff {

class DebugInfoWriter {
public:
  explicit DebugInfoWriter(ElfWriter &Elf) : Elf(Elf) {}

  // Where an included piece is: a symbol handle, and the piece's distance from that symbol.
  struct Placed {
    uint32_t Symbol;
    int64_t FromSymbol;
  };

  // Appends the debug sections of one unit.  `Find` tells where a new piece is, or that it is not in the update.
  llvm::Error add(const Object &New, llvm::function_ref<std::optional<Placed>(uint32_t Piece)> Find);

private:
  ElfWriter &Elf;
  std::map<std::string, uint32_t> Sections; // by name
  uint32_t Nowhere = None;                  // the absolute symbol 0
};

} // namespace wfdiff
