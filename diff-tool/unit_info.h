// What the plugin wrote into an object about its unit: the note, the records, and the JSON of .wfpatch.info.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace wfdiff {

struct SymbolRecord {
  uint64_t Name = 0;  // name_hash of the symbol
  uint32_t Flags = 0; // wfp::format::SymbolFlag
};

struct LayoutField {
  std::string Name, Type;
  int64_t Offset = 0, Bits = 0; // in bits
  std::string To = {};          // of a pointer: the type that it leads to
};

struct Layout {
  std::string Key, Name, Kind, File;
  int64_t Line = 0, Size = 0, Align = 0;
  bool Escapes = true;
  std::vector<LayoutField> Fields;
  std::vector<std::string> Typedefs = {}; // C: further keys
  std::vector<std::string> VirtualTables = {}; // C++: entry by entry, docs/formats.md
};

// Of a variable with static storage.
struct VariableType {
  std::string Type, To;
};

struct EnumLayout {
  std::string Key, Name;
  int64_t Size = 0;
  std::vector<std::pair<std::string, int64_t>> Values;
};

struct LineUse {
  std::string Function;
  int64_t Ordinal = 0, Line = 0;
};

// An identifier of which a macro made a part of __LINE__ or __COUNTER__.
struct NumberedName {
  std::string Name;
  size_t At = 0, Digits = 0;
};

// A lambda of the unit, in the order of the source: what its function is called, and the key of its layout.
struct ClosureName {
  std::string Symbol, Key;
};

struct UnitInfo {
  bool HasNote = false;
  bool SeveralUnits = false; // `ld -r` has merged objects
  std::string Key;
  std::array<uint8_t, 32> Id{};
  uint32_t Flags = 0; // wfp::format::UnitFlag
  // By hash of the name, of which any value may occur: no DenseMap, which keeps two for itself.
  std::unordered_map<uint64_t, SymbolRecord> Functions, Variables, ThreadLocals;

  bool HasInfo = false;
  std::string Source, Compiler, Target, Language;
  llvm::StringMap<std::string> Options; // value as JSON text
  std::vector<Layout> Layouts;
  std::vector<EnumLayout> Enums;
  std::map<std::string, VariableType, std::less<>> VariableTypes; // by name; C's static locals without their number
  std::map<std::string, std::string, std::less<>> Signatures; // of C's functions
  std::vector<std::string> Escaping; // constants of other units whose address may be kept
  std::vector<ClosureName> Closures;
  std::vector<LineUse> Lines;
  std::vector<NumberedName> Numbered;
  bool HasNumbered = false; // the plugin has looked for them
  std::set<int64_t> LineNumbers; // the lines of all of them
};

// Each adds what one section holds; `What` names file and section in errors.
llvm::Error readNote(llvm::ArrayRef<uint8_t> Bytes, llvm::StringRef What, UnitInfo &Info);
llvm::Error readFunctionRecords(llvm::ArrayRef<uint8_t> Bytes, llvm::StringRef What, UnitInfo &Info);
llvm::Error readVariableRecords(llvm::ArrayRef<uint8_t> Bytes, llvm::StringRef What, UnitInfo &Info);
llvm::Error readThreadLocalRecords(llvm::ArrayRef<uint8_t> Bytes, llvm::StringRef What, UnitInfo &Info);
llvm::Error readInfo(llvm::ArrayRef<uint8_t> Bytes, llvm::StringRef What, UnitInfo &Info);

} // namespace wfdiff
