// x86-64 instructions: their boundaries and their text.  All that wfdiff needs to know of them.
#pragma once

#include "diff-tool/model.h"

#include "llvm-c/Disassembler.h"

#include <map>
#include <string>
#include <vector>

namespace wfdiff {

class Decoder {
public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder &) = delete;
  Decoder &operator=(const Decoder &) = delete;

  // Distance from a field at `Offset` in the function to the end of the instruction that holds it; 4 where the bytes do
  // not decode.
  int64_t bias(const Object &O, const Piece &P, uint64_t Offset);

  // First byte and length of the instruction that covers `Offset`; length 0 where the bytes do not decode.
  struct Extent {
    uint64_t Begin = 0, Length = 0;
  };
  Extent instructionAt(const Object &O, const Piece &P, uint64_t Offset);

  // AT&T syntax, without the address.
  std::string text(const Object &O, const Piece &P, Extent E);

private:
  LLVMDisasmContextRef Context = nullptr;
  // Begin of each instruction, of the functions that were asked for; objects must outlive the decoder.
  std::map<const Piece *, std::vector<uint64_t>> Begins;

  const std::vector<uint64_t> &begins(const Object &O, const Piece &P);
};

} // namespace wfdiff
