// Where a reference of included code leads: into the update, or out of it.
#pragma once

#include "diff-tool/session.h"

namespace wfdiff {

struct Binding {
  enum Kind { Included, Import, Absolute } K = Import;
  uint32_t Unit = None, Piece = None; // Included: which new piece
  std::string Name;                   // Import: what OLD calls it
  bool Local = false, Weak = false, Hidden = false;
  uint32_t ImportKind = 0; // wfp::format::ImportKind
  int64_t Offset = 0;      // of the target in the piece or symbol, without the relocation's bias
};

// `R` is a relocation of the new object of unit `Unit`, `T` what it points at.
Binding bind(const Session &S, uint32_t Unit, const Relocation &R, const Target &T);

// True for read-only data that the update may refer to where it is.
bool isImportableConstant(const Session &S, uint32_t Unit, uint32_t NewPiece);

} // namespace wfdiff
