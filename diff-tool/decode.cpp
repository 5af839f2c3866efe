// Uses LLVM's C disassembler interface: it has been the same since LLVM 3, while the C++ classes behind it change with
// every release.  Functions are decoded once, from their first byte; compilers put no data between instructions on x86-64
// (jump tables are in .rodata), and where hand-written assembly does, decoding resynchronises within a few bytes.
#include "diff-tool/decode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/TargetSelect.h"

#include <algorithm>

using namespace llvm;

namespace wfdiff {

Decoder::Decoder() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  Context = LLVMCreateDisasm("x86_64-pc-linux-gnu", nullptr, 0, nullptr, nullptr);
}

Decoder::~Decoder() {
  if (Context)
    LLVMDisasmDispose(Context);
}

static size_t decodeOne(LLVMDisasmContextRef Context, ArrayRef<uint8_t> Bytes, uint64_t At, char *Text, size_t Size) {
  // The interface takes the bytes as non-const and does not write to them.
  return LLVMDisasmInstruction(Context, const_cast<uint8_t *>(Bytes.data()) + At, Bytes.size() - At, At, Text, Size);
}

const std::vector<uint64_t> &Decoder::begins(const Object &O, const Piece &P) {
  auto [Found, Fresh] = Begins.try_emplace(&P);
  if (Fresh && Context) {
    ArrayRef<uint8_t> Bytes = O.bytes(P);
    char Text[256];
    for (uint64_t At = 0; At < Bytes.size();) {
      Found->second.push_back(At);
      size_t Length = decodeOne(Context, Bytes, At, Text, sizeof(Text));
      At += Length ? Length : 1;
    }
  }
  return Found->second;
}

Decoder::Extent Decoder::instructionAt(const Object &O, const Piece &P, uint64_t Offset) {
  const std::vector<uint64_t> &All = begins(O, P);
  auto After = llvm::upper_bound(All, Offset);
  if (After == All.begin())
    return {};
  uint64_t Begin = *std::prev(After);
  uint64_t End = After == All.end() ? O.bytes(P).size() : *After;
  return {Begin, End - Begin};
}

int64_t Decoder::bias(const Object &O, const Piece &P, uint64_t Offset) {
  Extent E = instructionAt(O, P, Offset);
  if (E.Length == 0 || E.Begin + E.Length < Offset + 4)
    return 4;
  return E.Begin + E.Length - Offset;
}

std::string Decoder::text(const Object &O, const Piece &P, Extent E) {
  char Text[256] = "";
  ArrayRef<uint8_t> Bytes = O.bytes(P);
  if (!Context || E.Length == 0 || !decodeOne(Context, Bytes, E.Begin, Text, sizeof(Text)))
    return "(bytes that do not decode)";
  std::string Clean = StringRef(Text).trim().str();
  std::replace(Clean.begin(), Clean.end(), '\t', ' ');
  return Clean;
}

} // namespace wfdiff
