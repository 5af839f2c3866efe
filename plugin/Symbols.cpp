#include "plugin/Symbols.h"

#include "format/records.h"
#include "plugin/Passes.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/Comdat.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Mangler.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace wfp {

std::string assemblerName(const GlobalValue &G) {
  SmallString<128> Name;
  Mangler().getNameWithPrefix(Name, &G, /*CannotUsePrivateLabel=*/false);
  return Name.str().str();
}

uint64_t nameHash(const GlobalValue &G) {
  std::string Name = assemblerName(G);
  return format::name_hash(Name.data(), Name.size());
}

namespace {

enum class UseKind { Harmless, PassesOn, Escapes };

// What the instruction that U belongs to does with the pointer in U.
UseKind classifyInstruction(const Use &U) {
  const auto *I = cast<Instruction>(U.getUser());
  switch (I->getOpcode()) {
  case Instruction::Load:
  case Instruction::ICmp:
    return UseKind::Harmless;
  case Instruction::Store:
    return U.getOperandNo() == StoreInst::getPointerOperandIndex() ? UseKind::Harmless : UseKind::Escapes;
  case Instruction::AtomicRMW:
    return U.getOperandNo() == AtomicRMWInst::getPointerOperandIndex() ? UseKind::Harmless : UseKind::Escapes;
  case Instruction::AtomicCmpXchg:
    return U.getOperandNo() == AtomicCmpXchgInst::getPointerOperandIndex() ? UseKind::Harmless : UseKind::Escapes;
  case Instruction::GetElementPtr:
  case Instruction::BitCast:
  case Instruction::AddrSpaceCast:
  case Instruction::PHI:
  case Instruction::Select:
    return UseKind::PassesOn;
  case Instruction::Call:
  case Instruction::Invoke: {
    const auto *Call = cast<CallBase>(I);
    if (Call->isCallee(&U))
      return UseKind::Harmless;
    if (Call->getIntrinsicID() == Intrinsic::threadlocal_address)
      return UseKind::PassesOn;
    return Call->isDataOperand(&U) && Call->doesNotCapture(Call->getDataOperandNo(&U)) ? UseKind::Harmless
                                                                                      : UseKind::Escapes;
  }
  default:
    return UseKind::Escapes;
  }
}

UseKind classify(const Use &U) {
  const User *Where = U.getUser();
  if (isa<Instruction>(Where))
    return classifyInstruction(U);
  if (const auto *V = dyn_cast<GlobalVariable>(Where)) // llvm.used, llvm.global_ctors ... are no memory of the program
    return V->getName().starts_with("llvm.") ? UseKind::Harmless : UseKind::Escapes;
  if (isa<GlobalAlias>(Where))
    return UseKind::PassesOn;
  if (isa<GlobalIFunc>(Where) || isa<Function>(Where) || isa<BlockAddress>(Where))
    return UseKind::Harmless;
  if (const auto *Expr = dyn_cast<ConstantExpr>(Where))
    return Expr->getOpcode() == Instruction::PtrToInt ? UseKind::Escapes : UseKind::PassesOn;
  return isa<ConstantAggregate>(Where) ? UseKind::PassesOn : UseKind::Escapes;
}

// Is there a loop from which the function cannot return?
bool hasEndlessLoop(const Function &F) {
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>, 8> BackEdges;
  FindFunctionBackedges(F, BackEdges);
  if (BackEdges.empty())
    return false;
  SmallPtrSet<const BasicBlock *, 32> Leaves;
  SmallVector<const BasicBlock *, 32> Work;
  for (const BasicBlock &B : F)
    if (isa<ReturnInst>(B.getTerminator()) || isa<ResumeInst>(B.getTerminator()))
      if (Leaves.insert(&B).second)
        Work.push_back(&B);
  while (!Work.empty())
    for (const BasicBlock *P : predecessors(Work.pop_back_val()))
      if (Leaves.insert(P).second)
        Work.push_back(P);
  return any_of(BackEdges, [&](auto &Edge) { return !Leaves.contains(Edge.second); });
}

bool callsLoopBody(const Function &F) {
  return any_of(instructions(F), [](const Instruction &I) {
    const auto *Call = dyn_cast<CallBase>(&I);
    return Call && Call->getCalledFunction() && Call->getCalledFunction()->hasFnAttribute(kLoopBodyAttribute);
  });
}

} // namespace

bool addressEscapes(const GlobalValue &G) {
  SmallPtrSet<const Value *, 16> Seen{&G};
  SmallVector<const Value *, 16> Work{&G};
  while (!Work.empty())
    for (const Use &U : Work.pop_back_val()->uses())
      switch (classify(U)) {
      case UseKind::Harmless:
        break;
      case UseKind::PassesOn:
        if (Seen.insert(U.getUser()).second)
          Work.push_back(U.getUser());
        break;
      case UseKind::Escapes:
        return true;
      }
  return false;
}

uint32_t symbolFlags(const GlobalValue &G) {
  uint32_t Flags = 0;
  if (G.hasLocalLinkage())
    Flags |= format::kSymbolLocal;
  if (G.isWeakForLinker())
    Flags |= format::kSymbolWeak;
  if (!G.hasDefaultVisibility())
    Flags |= format::kSymbolHidden;
  if (const GlobalObject *Base = G.getAliaseeObject())
    if (const Comdat *C = Base->getComdat(); C && C->getSelectionKind() != Comdat::NoDeduplicate)
      Flags |= format::kSymbolComdat;
  if (addressEscapes(G))
    Flags |= format::kSymbolAddressTaken;
  return Flags;
}

uint32_t functionFlags(const Function &F) {
  uint32_t Flags = 0;
  if (F.hasFnAttribute(kSledAttribute)) {
    Flags |= format::kFunctionSled;
    if (F.getFnAttribute(kSledAttribute).getValueAsString() == "endbr")
      Flags |= format::kFunctionEndbr;
  }
  if (F.hasFnAttribute(kConventionAttribute))
    Flags |= format::kFunctionConvention;
  if (F.doesNotReturn())
    Flags |= format::kFunctionNoReturn;
  if (F.hasFnAttribute(kCoroutineAttribute))
    Flags |= format::kFunctionCoroutine;
  if (hasEndlessLoop(F))
    Flags |= format::kFunctionEndlessLoop;
  if (F.hasFnAttribute(kLoopBodyAttribute))
    Flags |= format::kFunctionLoopBody;
  if (callsLoopBody(F))
    Flags |= format::kFunctionLoopShell;
  return Flags;
}

} // namespace wfp
