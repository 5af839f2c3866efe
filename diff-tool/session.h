// The state that wfdiff's passes share: what is given, and what each pass has found out.
#pragma once

#include "diff-tool/decode.h"
#include "diff-tool/inputs.h"
#include "diff-tool/local_entities.h"
#include "diff-tool/model.h"
#include "diff-tool/symbol_index.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace wfdiff {

struct Options {
  std::string Old, New, Output;
  std::set<std::string> Keep, Reinit, TrustType, ReplaceConst, AllowActive;
  std::set<std::string> Used; // "option\0name" of those that had an effect
  bool Explain = false, Json = false, Verbose = false;
  bool Debug = true; // copy debug information
};

// Old piece <-> new piece.
struct Correlation {
  std::vector<uint32_t> ToNew, ToOld;
  EntityMap Entities;
  // Old functions that a macro named after their line, and the new ones that each may be.
  std::map<uint32_t, std::vector<uint32_t>> Ambiguous;

  void match(uint32_t Old, uint32_t New) {
    ToNew[Old] = New;
    ToOld[New] = Old;
  }
};

// The first thing in which two pieces differ.
struct Difference {
  std::string What;          // one line
  uint32_t OldPiece = None;  // where: pieces and an offset in them, for --explain
  uint32_t NewPiece = None;
  uint64_t Offset = 0;
};

enum class Change : uint8_t { Same, Replaced, Added };

struct PieceState {
  bool Included = false;
  Change Kind = Change::Same; // functions only
  std::string Why;            // one line, for --explain
  std::optional<Difference> First;
};

// An old piece that lives on in another unit: a function or variable with linkage that moved.
struct Moved {
  uint32_t Unit = None, Piece = None;
};

struct UnitPair {
  std::string Path;
  InputFile OldFile, NewFile;
  bool Loaded = false;    // Old and New are read
  bool Identical = false; // the files are equal byte by byte
  std::shared_ptr<const Object> Old, New; // null: that side does not have the unit; the same if the files are
  Correlation Match;
  std::map<uint32_t, Moved> MovedFrom; // new piece -> old piece of another unit
  std::map<uint32_t, Moved> MovedTo;   // old piece -> new piece of another unit
  std::vector<PieceState> State;       // by new piece
  std::vector<uint32_t> Removed;       // old functions without a successor
  std::map<uint32_t, Difference> ChangedData; // new named data whose (initial) content is not what OLD has
  std::map<uint32_t, Difference> ChangedMoved; // the same, of what is from another unit
  bool Touched = false;                // has affected functions or new code or data

  const std::string &file() const { return NewFile.exists() ? NewFile.File : OldFile.File; }
  bool idChanged() const { return !Old || !New || Old->Info.Id != New->Info.Id; }
};

struct Refusal {
  std::string File, Symbol, Reason;

  auto operator<=>(const Refusal &) const = default;
};

struct Remark {
  uint32_t Kind; // wfp::format::RemarkKind
  uint32_t Unit; // index into Session::Units, or None
  std::string Text;
  uint32_t Piece = None; // new piece: the initial value of --reinit
};

struct Session {
  Options Opts;
  std::vector<UnitPair> Units;
  bool WholeBuild = false;
  std::set<Refusal> Refusals; // sorted, so that the output does not depend on the order of the checks
  std::vector<std::string> Notes;    // for -v
  std::vector<std::string> Warnings; // always said, and kept in the update
  std::vector<Remark> Remarks;
  Decoder Decode;
  std::optional<SymbolIndex> Unread; // of the units that are not loaded, once somebody has asked
  // Definitions with linkage, by name, over all loaded units: unit and piece.
  std::map<std::string, std::vector<Moved>, std::less<>> OldGlobals, NewGlobals;
  std::set<std::string> ChangedConstants; // constants with linkage whose content differs
  std::set<std::string> ChangedPrototypes; // of function pointers in data that stays

  void refuse(const UnitPair &U, llvm::StringRef Symbol, const llvm::Twine &Reason) {
    Refusals.insert({U.file(), Symbol.str(), Reason.str()});
  }
  // Whether another unit still has a COMDAT or moved definition that the unit no longer has; and the reverse, had it before.
  // A name alone does not tell: a number in it may be another's now.
  bool livesOnElsewhere(uint32_t Unit, uint32_t OldPiece) const;
  bool wasElsewhere(uint32_t Unit, uint32_t NewPiece) const;
  // What the operator should know, and `wfpatch inspect` will tell later.
  void warn(const UnitPair &U, llvm::StringRef Symbol, const llvm::Twine &What);
  void remarkTrusted(llvm::StringRef Type); // --trust-type, once for each type
};

} // namespace wfdiff
