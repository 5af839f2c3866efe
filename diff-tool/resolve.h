// What a relocation points at.
//
// A relocation names a symbol and an addend; what it means is a place: an offset in a piece of this object, or in a symbol
// that another object defines.  For a PC-relative field in an instruction the addend also holds the distance from the
// field to the instruction's end (the bias): `movl $7, x+4(%rip)` has addend 4 - 8.  The bias comes from decoding.  It
// decides which string of a merged section a section-relative reference means.
#pragma once

#include "diff-tool/decode.h"
#include "diff-tool/model.h"

namespace wfdiff {

// Without the bias: for data, and wherever the whole target section is one piece.
Target resolvePlain(const Object &O, const Relocation &R);

// `User` is the piece that holds the relocation.
Target resolve(const Object &O, const Piece &User, const Relocation &R, Decoder &D);

// Fills Section::Targets for every section with relocations.
void resolveAll(Object &O, Decoder &D);

// The piece that covers `Offset` in a section; the end of a piece counts as its own if nothing else begins there.
uint32_t pieceAt(const Object &O, uint32_t SectionIndex, int64_t Offset);

// What a type does, as far as comparison cares: PLT32 and PC32 to one target are the same reference.
enum class RelocationClass { Unsupported, Absolute64, Absolute32, Absolute32S, PcRelative, PcRelative64, Got, TpOffset,
                             GotTpOffset, TlsGd, TlsLd, DtpOffset32, DtpOffset64, TlsDesc, TlsDescCall };
RelocationClass classify(uint32_t Type);
// Bytes that the linker writes at the relocation's offset.
unsigned fieldSize(uint32_t Type);
std::string relocationName(uint32_t Type);

} // namespace wfdiff
