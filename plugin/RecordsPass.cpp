// The records, exactly as format/records.h defines them.
//
// Two demands shape how they refer to what they describe.  *Nothing dynamic*: every reference is a 32-bit distance that
// the linker computes.  It cannot do so against a symbol of default visibility in a shared object, and against a weak one
// it would take another unit's definition; so a record refers to a private alias, which the assembler turns into the
// section symbol.  *Nothing kept*: a record must go when what it describes goes.  A COMDAT function's record is in its
// COMDAT; any other record is `!associated` (SHF_LINK_ORDER), which --gc-sections follows; neither needs a reference from
// the function, which inlining would carry into its callers.
//
// The unit's note refers to the bounds of the three arrays (__start_wfp_functions ...).  Linkers define these symbols
// only if the section exists, so each unit gives a null record to each array, kept by SHF_GNU_RETAIN.
//
// IR has no expression for "offset in the module's TLS block", so thread-local records are module assembly.  Module
// assembly precedes all else in the file, and SHF_LINK_ORDER wants a symbol that is already in a section: the variable's
// section is opened there, under the name that the variable is then told to use, and a label put at its start.
#include "plugin/Passes.h"

#include "format/records.h"
#include "plugin/ImageState.h"
#include "plugin/InfoSection.h"
#include "plugin/Sleds.h"
#include "plugin/Symbols.h"
#include "plugin/UnitId.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

#include <cstddef>

using namespace llvm;

namespace wfp {
namespace {

constexpr unsigned kNoteHeaderSize = 3 * sizeof(uint32_t) + sizeof format::kNoteName;
constexpr char kUnitName[] = "wfp.unit";

// What is to be recorded, looked at before the first record adds uses of its own.
struct Entry {
  GlobalValue *Symbol; // function, variable or alias
  uint64_t Name;
  uint32_t Flags;
  uint32_t Size; // of variables
};

struct Entries {
  std::vector<Entry> Functions, Variables, ThreadLocals;
};

uint32_t sizeOf(const GlobalValue &G) {
  uint64_t Size = G.getParent()->getDataLayout().getTypeAllocSize(G.getValueType());
  return std::min<uint64_t>(Size, UINT32_MAX);
}

// Does the object get a symbol of this name and a definition?
bool isRecordable(const GlobalValue &G) {
  return G.hasName() && !G.isDeclarationForLinker() && !G.hasPrivateLinkage() && !G.hasAppendingLinkage() &&
         !G.getName().starts_with("llvm.") && G.getName() != format::kImageStateSymbol;
}

// In position-independent code a common symbol has no address that an object may know: the dynamic linker chooses.
bool isUnplacedCommon(const GlobalValue &G) {
  return G.hasCommonLinkage() && G.hasDefaultVisibility() && G.getParent()->getPICLevel() != PICLevel::NotPIC &&
         G.getParent()->getPIELevel() == PIELevel::Default;
}

// Could the constant get into a SHF_MERGE section?  See TargetLoweringObjectFile::getKindForGlobal; too often yes only keeps a
// record that might go.
bool isMergeable(const GlobalObject &G) {
  auto *V = dyn_cast<GlobalVariable>(&G);
  if (!V || !V->isConstant() || !V->hasGlobalUnnamedAddr() || V->hasSection() || V->hasComdat())
    return false;
  const Constant *Content = V->getInitializer();
  if (Content->needsRelocation())
    return false;
  if (auto *Array = dyn_cast<ArrayType>(Content->getType()); Array && Array->getElementType()->isIntegerTy() && Array->getNumElements())
    if (Content->getAggregateElement(unsigned(Array->getNumElements() - 1))->isNullValue())
      return true; // a string
  return is_contained({4, 8, 16, 32}, sizeOf(G));
}

Entries collectEntries(Module &M) {
  Entries All;
  for (Function &F : M)
    if (isRecordable(F))
      All.Functions.push_back({&F, nameHash(F), symbolFlags(F) | functionFlags(F), 0});
  for (GlobalVariable &V : M.globals()) {
    if (!isRecordable(V) || isUnplacedCommon(V))
      continue;
    auto &List = V.isThreadLocal() ? All.ThreadLocals : All.Variables;
    List.push_back({&V, nameHash(V), symbolFlags(V) | (V.isConstant() ? format::kSymbolConstant : 0u), sizeOf(V)});
  }
  for (GlobalAlias &A : M.aliases()) {
    GlobalObject *Base = A.getAliaseeObject();
    if (!isRecordable(A) || !Base || Base->isDeclarationForLinker())
      continue;
    if (auto *F = dyn_cast<Function>(Base)) {
      All.Functions.push_back({&A, nameHash(A), symbolFlags(A) | functionFlags(*F), 0});
    } else if (auto *V = dyn_cast<GlobalVariable>(Base); V && !V->isThreadLocal()) {
      uint32_t Flags = symbolFlags(A) | (V->isConstant() ? format::kSymbolConstant : 0u);
      All.Variables.push_back({&A, nameHash(A), Flags, sizeOf(A)});
    }
  }
  return All;
}

class RecordWriter {
public:
  explicit RecordWriter(Module &M)
      : M(M), Int8(Type::getInt8Ty(M.getContext())), Int32(Type::getInt32Ty(M.getContext())),
        Int64(Type::getInt64Ty(M.getContext())) {}

  void write(const Entries &All, const UnitId &Id, StringRef Key, uint32_t UnitFlags) {
    writeUnit(Id, Key, UnitFlags);
    for (const Entry &E : All.Functions)
      writeSymbol(E, format::kFunctionsSection, 0);
    for (const Entry &E : All.Variables)
      writeSymbol(E, format::kVariablesSection, E.Size);
    for (const Entry &E : All.ThreadLocals)
      writeThreadLocal(E);
    writeNull(format::kFunctionsSection, sizeof(format::FunctionRecord));
    writeNull(format::kVariablesSection, sizeof(format::VariableRecord));
    writeNull(format::kThreadLocalsSection, sizeof(format::ThreadLocalRecord));
    appendToUsed(M, Retained);
    appendToCompilerUsed(M, Kept);
  }

private:
  GlobalVariable *create(Type *T, StringRef Section, Align Alignment, const Twine &Name) {
    auto *R = new GlobalVariable(M, T, /*isConstant=*/true, GlobalValue::PrivateLinkage, nullptr, Name);
    R->setSection(Section);
    R->setAlignment(Alignment);
    keepFromSanitizers(*R);
    return R;
  }

  // Target's distance from the field at Offset of Record.
  Constant *distance(Constant *Target, GlobalVariable *Record, unsigned Offset) {
    Constant *Here = ConstantExpr::getInBoundsGetElementPtr(Int8, Record, ConstantInt::get(Int64, Offset));
    return ConstantExpr::getTrunc(
        ConstantExpr::getSub(ConstantExpr::getPtrToInt(Target, Int64), ConstantExpr::getPtrToInt(Here, Int64)), Int32);
  }

  Constant *int32(uint32_t Value) { return ConstantInt::get(Int32, Value); }
  Constant *bytes(ArrayRef<uint8_t> Value) { return ConstantDataArray::get(M.getContext(), Value); }

  Constant *bound(StringRef Prefix, StringRef Section) {
    auto *S = cast<GlobalVariable>(M.getOrInsertGlobal((Prefix + Section).str(), Int8));
    S->setVisibility(GlobalValue::HiddenVisibility);
    S->setDSOLocal(true);
    return S;
  }

  void writeUnit(const UnitId &Id, StringRef Key, uint32_t Flags) {
    std::string Padded = Key.str() + '\0';
    Padded.resize(alignTo(Padded.size(), 4), '\0');
    ArrayRef<uint8_t> KeyBytes(reinterpret_cast<const uint8_t *>(Padded.data()), Padded.size());
    ArrayRef<uint8_t> NoteName(reinterpret_cast<const uint8_t *>(format::kNoteName), sizeof format::kNoteName);
    Type *T = StructType::get(M.getContext(),
                              {Int32, Int32, Int32, ArrayType::get(Int8, NoteName.size()), Int32, Int32,
                               ArrayType::get(Int8, Id.size()), Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32,
                               ArrayType::get(Int8, Padded.size())},
                              /*isPacked=*/true);
    UnitNote = create(T, format::kNoteSection, Align(4), kUnitName);
    auto Field = [&](Constant *Target, size_t Offset) { return distance(Target, UnitNote, kNoteHeaderSize + Offset); };
    using R = format::UnitRecord;
    UnitNote->setInitializer(ConstantStruct::get(
        cast<StructType>(T),
        {int32(NoteName.size()), int32(sizeof(R) + Padded.size()), int32(format::kNoteTypeUnit), bytes(NoteName),
         int32(format::kRecordVersion), int32(sizeof(R)), bytes(Id),
         Field(bound("__start_", format::kFunctionsSection), offsetof(R, functions_start_from_here)),
         Field(bound("__stop_", format::kFunctionsSection), offsetof(R, functions_stop_from_here)),
         Field(bound("__start_", format::kVariablesSection), offsetof(R, variables_start_from_here)),
         Field(bound("__stop_", format::kVariablesSection), offsetof(R, variables_stop_from_here)),
         Field(bound("__start_", format::kThreadLocalsSection), offsetof(R, tls_start_from_here)),
         Field(bound("__stop_", format::kThreadLocalsSection), offsetof(R, tls_stop_from_here)),
         Field(getImageState(M), offsetof(R, image_state_from_here)), int32(Flags), bytes(KeyBytes)}));
    Kept.push_back(UnitNote); // linkers keep notes
    UnitRecord =
        ConstantExpr::getInBoundsGetElementPtr(Int8, UnitNote, ConstantInt::get(Int64, uint64_t(kNoteHeaderSize)));
  }

  // What a record may refer to: the symbol itself if it is local, else a private alias of its definition here.
  Constant *localDefinition(GlobalValue *G) {
    if (G->hasLocalLinkage() || G->hasCommonLinkage())
      return G;
    Constant *Definition = G;
    while (auto *A = dyn_cast<GlobalAlias>(Definition))
      Definition = A->getAliasee();
    StringRef Name = G->getName();
    Name.consume_front("\01");
    return GlobalAlias::create(G->getValueType(), 0, GlobalValue::PrivateLinkage, "wfp." + Name, Definition, &M);
  }

  void attach(GlobalVariable *Record, GlobalObject *Base) {
    // Common symbols are in no section: there is nothing to be associated with.  A section whose content the linker merges
    // is none any more when lld orders the records.
    if (Base->hasCommonLinkage() || isMergeable(*Base)) {
      Retained.push_back(Record);
      return;
    }
    if (Comdat *C = Base->getComdat())
      Record->setComdat(C);
    else
      Record->setMetadata(LLVMContext::MD_associated, MDNode::get(M.getContext(), ValueAsMetadata::get(Base)));
    Kept.push_back(Record);
  }

  // FunctionRecord and VariableRecord have one layout but for the last field.
  void writeSymbol(const Entry &E, StringRef Section, uint32_t Last) {
    static_assert(sizeof(format::FunctionRecord) == sizeof(format::VariableRecord) &&
                  offsetof(format::FunctionRecord, entry_from_here) ==
                      offsetof(format::VariableRecord, address_from_here) &&
                  offsetof(format::FunctionRecord, reserved) == offsetof(format::VariableRecord, size));
    StructType *T = StructType::get(M.getContext(), {Int32, Int32, Int64, Int32, Int32});
    GlobalVariable *Record = create(T, Section, Align(8), "wfp.record");
    Record->setInitializer(ConstantStruct::get(
        T, {distance(localDefinition(E.Symbol), Record, offsetof(format::FunctionRecord, entry_from_here)),
            distance(UnitRecord, Record, offsetof(format::FunctionRecord, unit_from_here)),
            ConstantInt::get(Int64, E.Name), int32(E.Flags), int32(Last)}));
    attach(Record, E.Symbol->getAliaseeObject());
  }

  void writeThreadLocal(const Entry &E) {
    auto *V = cast<GlobalVariable>(E.Symbol);
    // A section that the source chose may hold other variables before this one, so its start says nothing; such a
    // variable stays without a record, and an update that needs one is refused.
    if (V->hasSection())
      return;
    bool Zero = V->getInitializer()->isNullValue();
    std::string Section = (Zero ? ".tbss." : ".tdata.") + assemblerName(*V);
    V->setSection(Section);
    std::string Label = (".Lwfp.tls." + Twine(ThreadLocalCount++)).str();
    std::string Group, Order = "\"ao\",@progbits," + Label;
    if (const Comdat *C = V->getComdat()) {
      Group = ",\"" + C->getName().str() + "\",comdat";
      Order = "\"aG\",@progbits" + Group;
    }
    std::string Text;
    raw_string_ostream Asm(Text);
    Asm << ".pushsection \"" << Section << "\",\"awT" << (Group.empty() ? "" : "G") << "\","
        << (Zero ? "@nobits" : "@progbits") << Group << "\n"
        << Label << ":\n"
        << ".popsection\n"
        << ".pushsection " << format::kThreadLocalsSection << "," << Order << "\n"
        << ".p2align 3\n"
        << ".quad " << Label << "@dtpoff\n"
        << ".quad 0x" << utohexstr(E.Name) << "\n"
        << ".long .L" << kUnitName << "+" << kNoteHeaderSize << "-.\n"
        << ".long " << E.Flags << "\n"
        << ".long " << E.Size << "\n"
        << ".long 0\n"
        << ".popsection";
    M.appendModuleInlineAsm(Text);
  }

  void writeNull(StringRef Section, size_t Size) {
    Type *T = ArrayType::get(Int8, Size);
    GlobalVariable *Record = create(T, Section, Align(8), "wfp.null");
    Record->setInitializer(ConstantAggregateZero::get(T));
    Retained.push_back(Record);
  }

  Module &M;
  Type *Int8, *Int32, *Int64;
  GlobalVariable *UnitNote = nullptr;
  Constant *UnitRecord = nullptr;
  unsigned ThreadLocalCount = 0;
  SmallVector<GlobalValue *, 0> Kept, Retained;
};

} // namespace

PreservedAnalyses RecordsPass::run(Module &M, ModuleAnalysisManager &) {
  if (!shouldRun(M, *U))
    return PreservedAnalyses::all();
  std::string Key = U->hasFrontEnd() ? U->Key : M.getSourceFileName() + "|-";
  UnitId Id = computeUnitId(M, *U);
  distinguishSleds(M, Key);
  Entries All = collectEntries(M);
  auto *Flag = mdconst::extract_or_null<ConstantInt>(M.getModuleFlag("cf-protection-branch"));
  uint32_t UnitFlags = Flag && !Flag->isZero() ? uint32_t(format::kUnitBranchProtection) : 0;
  RecordWriter(M).write(All, Id, Key, UnitFlags);
  writeInfoSection(M, *U, Key, Id);
  M.addModuleFlag(Module::Max, kDoneFlag, 1);
  return PreservedAnalyses::none();
}

} // namespace wfp
