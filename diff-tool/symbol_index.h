// Who defines or uses a name, among units that are not read: from their symbol tables alone, which takes a tenth of the time.
#pragma once

#include "diff-tool/inputs.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <vector>

namespace wfdiff {

class SymbolIndex {
public:
  // Adds the names with linkage of an object.
  void add(uint32_t Unit, const InputFile &File);

  // In rising order.  A unit whose symbols cannot be read is there for every name: reading it will tell why.
  std::vector<uint32_t> definers(llvm::StringRef Name) const { return unitsOf(Name, true); }
  std::vector<uint32_t> users(llvm::StringRef Name) const { return unitsOf(Name, false); } // definers included

private:
  struct Entry {
    uint32_t Unit;
    bool Defines;
  };
  llvm::StringMap<llvm::SmallVector<Entry, 1>> ByName;
  std::vector<uint32_t> Unreadable;

  std::vector<uint32_t> unitsOf(llvm::StringRef Name, bool OnlyDefiners) const;
};

} // namespace wfdiff
