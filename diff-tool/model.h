// What wfdiff knows of one object: sections, symbols, and pieces.
//
// A *piece* is the unit of correlation, comparison and inclusion: one function, one split part of a function (`.cold`),
// one variable, one constant, one string of a merged section, one exception table.  Pieces partition the allocated
// sections; alignment padding between them belongs to none.  Everything refers to everything else by index into the
// vectors of its Object, so that an Object can be moved, and a relation is a plain array.
#pragma once

#include "diff-tool/unit_info.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wfdiff {

inline constexpr uint32_t None = 0xffffffffu;

struct Relocation {
  uint64_t Offset; // in its section
  int64_t Addend;
  uint32_t Type;   // R_X86_64_*
  uint32_t Symbol; // index into Object::Symbols
};

// What a relocation points at (resolve.h).
struct Target {
  uint32_t Symbol = None; // the relocation's symbol; where that is a section's, the piece counts
  uint32_t Piece = None;  // None: undefined or absolute
  int64_t Offset = 0;     // from the piece's first byte, or from the undefined symbol
};

struct Symbol {
  llvm::StringRef Name;
  uint64_t Value = 0;
  uint64_t Size = 0;
  uint32_t Section = None; // index into Object::Sections; None: undefined or absolute
  uint8_t Binding = 0;     // STB_*
  uint8_t Type = 0;        // STT_*
  uint8_t Visibility = 0;  // STV_*
  bool Absolute = false;
  uint32_t Piece = None;
};

struct Section {
  std::string Name;
  uint32_t Type = 0;
  uint64_t Flags = 0;
  uint64_t Align = 1;
  uint64_t EntrySize = 0;
  uint64_t Size = 0;
  llvm::ArrayRef<uint8_t> Bytes; // empty for SHT_NOBITS
  bool Comdat = false;
  uint32_t Link = None; // SHF_LINK_ORDER: index into Object::Sections
  std::vector<Relocation> Relocations; // sorted by offset
  std::vector<Target> Targets;         // of Relocations, filled by resolveAll()
  std::vector<uint32_t> Pieces;        // sorted by offset
};

enum class PieceKind : uint8_t {
  Function,
  FunctionPart, // .cold and its kin: code of `Parent` that lies elsewhere
  Variable,     // named and writable: state
  ThreadLocal,
  Constant,     // named and read-only (or read-only after relocation)
  Anonymous,    // strings, constant pools, jump tables, pointer stubs, the back end's thunks: known by content only
  Lsda,         // a function's part of .gcc_except_table
  Startup,      // .init_array and its kin
};

struct Piece {
  PieceKind Kind = PieceKind::Anonymous;
  bool Local = true;
  bool Weak = false;
  bool Hidden = false; // hidden or protected visibility
  bool Comdat = false;
  bool IFunc = false;
  bool String = false;   // one string of a SHF_MERGE|SHF_STRINGS section
  bool Check = false;    // Anonymous: a description of one check of -fsanitize=undefined
  bool Writable = false; // in memory that the program may write
  uint32_t Section = None;
  uint64_t Offset = 0; // in its section
  uint64_t Size = 0;
  uint64_t Prefix = 0;           // Function: so many bytes in front of it are its own
  uint32_t NameSymbol = None;    // None: has no name
  std::vector<uint32_t> Symbols; // every symbol that lies in it, aliases included
  uint32_t FirstRelocation = 0;  // in its section's Relocations
  uint32_t RelocationCount = 0;
  uint32_t Parent = None;       // FunctionPart: the function
  std::vector<uint32_t> Parts;  // Function: its parts in order of name
  std::vector<uint32_t> Fdes;   // Function, FunctionPart: index into Object::Fdes
  const SymbolRecord *Record = nullptr;
};

// One CIE or FDE of .eh_frame.
struct FrameEntry {
  uint32_t Section = None;
  uint64_t Offset = 0; // of the length field, in the section
  uint64_t Size = 0;   // length field included
  uint32_t Cie = None; // FDE: index into Object::Cies
  uint32_t Piece = None;
  uint32_t FirstRelocation = 0;
  uint32_t RelocationCount = 0;
};

struct Object {
  std::string File;  // for messages: the path as given, "archive(member)"
  std::string Pair;  // what it is paired by: the path relative to the input
  std::shared_ptr<llvm::MemoryBuffer> Buffer;
  std::vector<std::vector<uint8_t>> Copies; // contents of sections that differ from the file's
  std::vector<Section> Sections; // index = ELF section index; COMMON symbols get synthetic ones at the end
  std::vector<Symbol> Symbols;   // index = ELF symbol index
  std::vector<Piece> Pieces;
  std::vector<FrameEntry> Cies;
  std::vector<FrameEntry> Fdes;
  llvm::StringMap<uint32_t> ByName; // named pieces that other units can see, and local ones with a unique name
  UnitInfo Info;

  llvm::StringRef name(const Piece &P) const {
    return P.NameSymbol == None ? llvm::StringRef() : Symbols[P.NameSymbol].Name;
  }
  // A name for messages, also for a piece without one.
  std::string label(const Piece &P) const;
  llvm::ArrayRef<uint8_t> bytes(const Piece &P) const; // empty for zero-initialised pieces
  llvm::ArrayRef<uint8_t> prefix(const Piece &P) const;
  llvm::ArrayRef<Relocation> relocations(const Piece &P) const {
    return llvm::ArrayRef(Sections[P.Section].Relocations).slice(P.FirstRelocation, P.RelocationCount);
  }
  llvm::ArrayRef<Target> targets(const Piece &P) const {
    return llvm::ArrayRef(Sections[P.Section].Targets).slice(P.FirstRelocation, P.RelocationCount);
  }
  llvm::ArrayRef<Target> targets(const FrameEntry &E) const {
    return llvm::ArrayRef(Sections[E.Section].Targets).slice(E.FirstRelocation, E.RelocationCount);
  }
  llvm::ArrayRef<Relocation> relocations(const FrameEntry &E) const {
    return llvm::ArrayRef(Sections[E.Section].Relocations).slice(E.FirstRelocation, E.RelocationCount);
  }
  llvm::ArrayRef<uint8_t> bytes(const FrameEntry &E) const {
    return Sections[E.Section].Bytes.slice(E.Offset, E.Size);
  }
  bool isCode(const Piece &P) const { return P.Kind == PieceKind::Function || P.Kind == PieceKind::FunctionPart; }
  uint64_t alignment(const Piece &P) const;
};

// Of inline assembly (.pushsection), most likely: part of whatever leads to it.
inline bool isNamelessCode(const Piece &P) { return P.Kind == PieceKind::Function && P.NameSymbol == None; }
// The same of data that is written.
inline bool isNamelessData(const Piece &P) { return P.Kind == PieceKind::Variable && P.NameSymbol == None; }

inline bool isData(PieceKind K) {
  return K == PieceKind::Variable || K == PieceKind::ThreadLocal || K == PieceKind::Constant;
}

} // namespace wfdiff
