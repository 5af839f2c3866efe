// Hashes the printed IR: StructuralHash ignores constants, and the bitcode's layout depends on use-list orders and on
// metadata kinds that we leave out.  The printer runs once, over a copy of the module if there is debug information to
// leave out, and nothing of it is kept: what it prints goes through the hash block by block.
#include "plugin/UnitId.h"

#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace wfp {

namespace {

class HashStream : public raw_ostream {
public:
  HashStream() { SetBufferSize(64 * 1024); }
  ~HashStream() override { flush(); }
  UnitId finish() {
    flush();
    return Hash.final();
  }

private:
  void write_impl(const char *Data, size_t Size) override {
    Hash.update(ArrayRef(reinterpret_cast<const uint8_t *>(Data), Size));
    Position += Size;
  }
  uint64_t current_pos() const override { return Position; }

  SHA256 Hash;
  uint64_t Position = 0;
};

void printNameless(Module &M, raw_ostream &Stream) {
  M.setModuleIdentifier("");
  M.setSourceFileName("");
  M.print(Stream, nullptr);
}

} // namespace

UnitId computeUnitId(Module &M, const Unit &U) {
  HashStream Stream;
  if (M.debug_compile_units().empty()) {
    std::string Identifier = M.getModuleIdentifier(), Source = M.getSourceFileName();
    printNameless(M, Stream);
    M.setModuleIdentifier(Identifier);
    M.setSourceFileName(Source);
  } else {
    std::unique_ptr<Module> Copy = CloneModule(M);
    StripDebugInfo(*Copy);
    printNameless(*Copy, Stream);
  }
  // Separated by what cannot be in either.
  Stream << '\0' << U.Compiler << '\0' << json::Value(json::Object(U.Options)) << '\0';
  return Stream.finish();
}

} // namespace wfp
