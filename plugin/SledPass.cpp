// The sled: five bytes at the entry of every function which one byte turns from a no-op into a jump.
//
//     a9 <imm32>    test $imm32,%eax      e9 <rel32>   jmp gate
//
// Flags are dead at entry, so the test does nothing; its immediate will hold the jump's displacement.  Until then it tells
// the function from all others: linkers that fold identical code (--icf) would leave one entry to two functions, and lld
// drops the records of all but one of them, so that nobody could know that an update of one changes the other.
//
// The sled is given as IR prologue data: bytes that the assembler printer puts at the function's symbol, without a
// relocation.  Prologue data lands before the endbr64 that -fcf-protection makes, but a sled in front of it would take
// the landing pad away from indirect calls.  So the endbr64 becomes part of the prologue data, and nocf_check keeps the compiler from making a
// second one; calls from within the function are not affected by it, unlike calls *through pointers of a type* with it.
//
// An armed sled reaches the new body through code that uses r11, and nothing else.  The System V ABI lets r11 be neither
// an argument nor preserved, so this is right for the C convention and those derived from it, and wrong for others:
// preserve_none passes arguments in r11, coldcc preserves it.  Functions of those conventions get a record that says so.
#include "plugin/Passes.h"
#include "plugin/Sleds.h"

#include "format/records.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace wfp {

// Is r11 dead at the function's entry, and may a call of the function clobber it?
static bool leavesR11Free(const Function &F) {
  if (F.hasFnAttribute(Attribute::Naked) || F.hasFnAttribute("no_caller_saved_registers") ||
      F.hasFnAttribute("interrupt"))
    return false;
  switch (F.getCallingConv()) {
  case CallingConv::C:
  case CallingConv::Fast:
  case CallingConv::X86_64_SysV:
  case CallingConv::PreserveMost:
  case CallingConv::PreserveAll:
    return true;
  default:
    return false;
  }
}

// Options of the code generator, off by default, that make what a record says untrue.
struct ConflictingOption {
  const char *Name;
  const char *Why;
};
static constexpr ConflictingOption kConflicts[] = {
    {"enable-ipra", "callers would rely on registers that an updated function may clobber"},
    {"enable-merge-functions", "functions would become thunks without a sled"},
    {"hot-cold-split", "parts of functions would become functions without a record"},
    {"ir-outliner", "parts of functions would become functions without a record"},
    {"enable-machine-outliner", "parts of functions would become functions without a record"},
};

static const ConflictingOption *findConflict() {
  auto &Options = cl::getRegisteredOptions();
  for (const ConflictingOption &C : kConflicts)
    if (auto It = Options.find(C.Name); It != Options.end() && It->second->getNumOccurrences() > 0)
      return &C;
  return nullptr;
}

static void addSled(Function &F, bool BranchProtection) {
  SmallVector<uint8_t, 9> Bytes;
  if (BranchProtection && !F.doesNoCfCheck())
    Bytes.append({0xf3, 0x0f, 0x1e, 0xfa}); // endbr64
  F.addFnAttr(kSledAttribute, Bytes.empty() ? "" : "endbr");
  if (BranchProtection)
    F.addFnAttr(Attribute::NoCfCheck);
  Bytes.append({format::kSledIdle, 0, 0, 0, 0});
  F.setPrologueData(ConstantDataArray::get(F.getContext(), Bytes));
  F.setAlignment(std::max(F.getAlign().valueOrOne(), Align(16)));
}

void distinguishSleds(Module &M, StringRef Key) {
  for (Function &F : M) {
    if (!F.hasFnAttribute(kSledAttribute))
      continue;
    std::string Name = (Key + Twine('\0') + F.getName()).str();
    uint64_t Hash = format::name_hash(Name.data(), Name.size());
    uint32_t Immediate = uint32_t(Hash ^ Hash >> 32);
    StringRef Idle = cast<ConstantDataArray>(F.getPrologueData())->getRawDataValues();
    SmallVector<uint8_t, 9> Bytes(Idle.begin(), Idle.end());
    support::endian::write32le(Bytes.end() - 4, Immediate);
    F.setPrologueData(ConstantDataArray::get(F.getContext(), Bytes));
  }
}

PreservedAnalyses SledPass::run(Module &M, ModuleAnalysisManager &) {
  if (!shouldRun(M, *U))
    return PreservedAnalyses::all();
  if (const ConflictingOption *C = findConflict()) {
    M.getContext().emitError("wfpatch: '" + M.getSourceFileName() + "' is compiled with -mllvm -" + C->Name + ": " +
                             C->Why);
    return PreservedAnalyses::all();
  }
  auto *Flag = mdconst::extract_or_null<ConstantInt>(M.getModuleFlag("cf-protection-branch"));
  bool BranchProtection = Flag && !Flag->isZero();
  for (Function &F : M) {
    if (F.isDeclarationForLinker())
      continue;
    if (F.hasPrologueData())
      M.getContext().emitError("wfpatch: '" + M.getSourceFileName() + "': function '" + F.getName() +
                               "' has prologue data of its own, where the sled must be");
    else if (leavesR11Free(F))
      addSled(F, BranchProtection);
    else
      F.addFnAttr(kConventionAttribute);
  }
  return PreservedAnalyses::none();
}

} // namespace wfp
