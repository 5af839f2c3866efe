// Writes an ELF64 x86-64 relocatable object: sections, symbols, relocations, in the order given.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wfdiff {

class ElfWriter {
public:
  struct SymbolSpec {
    std::string Name;
    uint8_t Binding = 0, Type = 0, Visibility = 0;
    uint32_t Section = 0; // 0: undefined; AbsoluteSection: an absolute value
    uint64_t Value = 0, Size = 0;
  };
  static constexpr uint32_t AbsoluteSection = 0xfff1;

  ElfWriter();

  // Returns the section's final index.
  uint32_t addSection(std::string Name, uint32_t Type, uint64_t Flags, uint64_t Align, std::vector<uint8_t> Bytes,
                      uint64_t Size, uint64_t EntrySize = 0);
  // Appends to an existing section at the next multiple of `Align`; returns the offset.
  uint64_t append(uint32_t Section, llvm::ArrayRef<uint8_t> Bytes, uint64_t Align);
  // Returns a handle; the index is known after assignIndices(), since ELF wants local symbols first.
  uint32_t addSymbol(SymbolSpec Spec);
  uint32_t sectionSymbol(uint32_t Section); // a handle; one for each section
  void addRelocation(uint32_t Section, uint64_t Offset, uint32_t Type, uint32_t SymbolHandle, int64_t Addend);

  void assignIndices(); // no symbol may be added afterwards
  uint32_t symbolIndex(uint32_t Handle) const { return IndexOf[Handle]; }

  // The file.  Fails if it has more sections than a plain ELF header can count.
  llvm::Expected<std::vector<uint8_t>> finish();
  // Where a section's bytes begin in the finished file.
  uint64_t fileOffset(uint32_t Section) const { return Sections[Section].FileOffset; }

private:
  struct Rela {
    uint64_t Offset;
    uint32_t Type, Symbol;
    int64_t Addend;
  };
  struct Output {
    std::string Name;
    uint32_t Type = 0;
    uint64_t Flags = 0, Align = 1, Size = 0, EntrySize = 0;
    std::vector<uint8_t> Bytes;
    std::vector<Rela> Relocations;
    uint32_t Link = 0, Info = 0, SectionSymbol = ~0u;
    uint64_t FileOffset = 0;
  };
  std::vector<Output> Sections;
  std::vector<SymbolSpec> Symbols;
  std::vector<uint32_t> IndexOf;
  uint32_t LocalCount = 0;
};

} // namespace wfdiff
