// LLVM's CodeExtractor does not fit: the interface that it makes (which values, in which order, how many exits) follows
// from what the code at hand uses, so that a change inside the body would change the shell.  Here it is fixed:
//
//     i32 body(scalars*, objects*)      0: one more turn; n: go on at the n-th exit of the region
//
// The body cannot be seen through until the optimiser is done (SealPass makes it local then): were it known that
// the body never returns 2, or does not use its second argument, the shell would be compiled accordingly.
#include "plugin/LoopBody.h"

#include "plugin/Passes.h"

#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {
namespace {

// A variable's declaration for debuggers, and the storage that it has in the body.
struct Declaration {
  DILocalVariable *Variable;
  DIExpression *Expression;
  DebugLoc Location;
};

class BodyMaker {
public:
  BodyMaker(Function &F, const LoopRegion &R, const LoopVariables &V) : F(F), R(R), V(V), Ctx(F.getContext()) {}

  Function *make(const Twine &Name) {
    declare(Name);
    for (Instruction &I : instructions(F))
      for (DbgVariableRecord &Record : filterDbgVars(I.getDbgRecordRange()))
        for (const Value *Storage : Record.location_ops())
          if (isa<AllocaInst>(Storage))
            Records[Storage].push_back(&Record);
    DebugLoc Where = R.Header->getFirstNonPHIOrDbg()->getDebugLoc();
    share(V.Scalars, "wfp.scalars");
    share(V.Objects, "wfp.objects");
    for (AllocaInst *Own : V.Own)
      giveAway(Own);
    callFromShell(Where);
    moveBlocks();
    describe();
    return Body;
  }

private:
  void declare(const Twine &Name) {
    SmallVector<Type *, 2> Parameters;
    for (const Frame *Shared : {&V.Scalars, &V.Objects})
      if (!Shared->Members.empty())
        Parameters.push_back(PointerType::get(Ctx, F.getDataLayout().getAllocaAddrSpace()));
    auto *T = FunctionType::get(Type::getInt32Ty(Ctx), Parameters, /*isVarArg=*/false);
    Body = Function::Create(T, GlobalValue::WeakAnyLinkage, Name, nullptr);
    F.getParent()->getFunctionList().insertAfter(F.getIterator(), Body);
    Body->setVisibility(GlobalValue::HiddenVisibility);
    Body->setDSOLocal(true);
    if (Comdat *C = F.getComdat())
      Body->setComdat(C);
    if (F.hasSection())
      Body->setSection(F.getSection());
    if (F.hasPersonalityFn())
      Body->setPersonalityFn(F.getPersonalityFn());
    AttrBuilder Attributes(Ctx, F.getAttributes().getFnAttrs());
    for (Attribute::AttrKind Kind :
         {Attribute::AlwaysInline, Attribute::InlineHint, Attribute::NoReturn, Attribute::Memory, Attribute::WillReturn,
          Attribute::AllocSize, Attribute::AllocKind, Attribute::NoRecurse, Attribute::NoFree, Attribute::NoSync,
          Attribute::Speculatable})
      Attributes.removeAttribute(Kind);
    Attributes.removeAttribute(kLoopBodyAttribute);
    Attributes.addAttribute(Attribute::NoInline);
    Attributes.addAttribute(kLoopBodyAttribute, F.getName());
    Body->addFnAttrs(Attributes);
    unsigned Index = 0;
    if (!V.Scalars.Members.empty()) {
      Body->addParamAttr(Index, Attribute::NoAlias);
      setFrameAttributes(Index++, V.Scalars);
    }
    if (!V.Objects.Members.empty())
      setFrameAttributes(Index, V.Objects);
    Entry = BasicBlock::Create(Ctx, "", Body);
  }

  void setFrameAttributes(unsigned Index, const Frame &Shared) {
    Body->addDereferenceableParamAttr(Index, Shared.Size);
    Body->addParamAttr(Index, Attribute::getWithAlignment(Ctx, Shared.Alignment));
    Body->addParamAttr(Index, Attribute::NonNull);
    Body->addParamAttr(Index, Attribute::NoUndef);
  }

  Value *at(Value *Base, uint64_t Offset, BasicBlock::iterator Where) {
    Value *Bytes = ConstantInt::get(Type::getInt64Ty(Ctx), Offset);
    return GetElementPtrInst::CreateInBounds(Type::getInt8Ty(Ctx), Base, Bytes, "", Where);
  }

  // Puts the variables of Shared into one object of F, which the body gets a pointer to.
  void share(const Frame &Shared, const Twine &Name) {
    if (Shared.Members.empty())
      return;
    BasicBlock &FEntry = F.getEntryBlock();
    auto *Bytes = ArrayType::get(Type::getInt8Ty(Ctx), Shared.Size);
    auto *Storage = new AllocaInst(Bytes, F.getDataLayout().getAllocaAddrSpace(), nullptr, Shared.Alignment, Name,
                                   FEntry.begin());
    Argument *Parameter = Body->getArg(Arguments.size());
    Parameter->setName(Name);
    Arguments.push_back(Storage);
    for (const Frame::Member &M : Shared.Members) {
      for (User *U : make_early_inc_range(M.Variable->users()))
        if (isLifetimeMarker(U))
          cast<Instruction>(U)->eraseFromParent();
      for (DbgVariableRecord *Record : Records.lookup(M.Variable)) {
        Declarations.push_back(
            {{Record->getVariable(), Record->getExpression(), Record->getDebugLoc()}, Parameter, M.Offset});
        Record->replaceVariableLocationOp(M.Variable, Storage);
        Record->setExpression(DIExpression::prepend(Record->getExpression(), DIExpression::ApplyOffset, M.Offset));
        if (R.contains(Record->getParent()))
          Record->eraseFromParent();
      }
      Value *Inside = at(Parameter, M.Offset, Entry->end());
      M.Variable->replaceUsesWithIf(Inside, [&](const Use &U) {
        return R.contains(cast<Instruction>(U.getUser())->getParent());
      });
      M.Variable->replaceAllUsesWith(at(Storage, M.Offset, M.Variable->getIterator()));
      M.Variable->eraseFromParent();
    }
  }

  // A variable of the body alone.
  void giveAway(AllocaInst *Variable) {
    auto *Twin = cast<AllocaInst>(Variable->clone());
    Twin->setName(Variable->getName());
    Twin->insertInto(Entry, Entry->begin());
    bool StartsOutside = any_of(Variable->users(), [&](const User *U) {
      return isLifetimeMarker(U) && !R.contains(cast<Instruction>(U)->getParent());
    });
    SmallVector<DbgVariableRecord *, 2> Outside;
    for (DbgVariableRecord *Record : Records.lookup(Variable)) {
      Declarations.push_back({{Record->getVariable(), Record->getExpression(), Record->getDebugLoc()}, Twin, 0});
      if (R.contains(Record->getParent()))
        Record->eraseFromParent();
      else
        Outside.push_back(Record);
    }
    bool UsedOutside = false;
    for (Use &U : make_early_inc_range(Variable->uses())) {
      auto *I = cast<Instruction>(U.getUser());
      if (!R.contains(I->getParent()))
        UsedOutside |= !isLifetimeMarker(I);
      else if (StartsOutside && isLifetimeMarker(I))
        I->eraseFromParent();
      else
        U.set(Twin);
    }
    if (UsedOutside)
      return;
    for (User *U : make_early_inc_range(Variable->users()))
      cast<Instruction>(U)->eraseFromParent();
    for (DbgVariableRecord *Record : Outside)
      Record->eraseFromParent();
    Variable->eraseFromParent();
  }

  void callFromShell(const DebugLoc &Where) {
    BasicBlock *Turn = BasicBlock::Create(Ctx, "wfp.turn", &F, R.Header);
    for (BasicBlock *P : SmallVector<BasicBlock *, 4>(predecessors(R.Header)))
      if (!R.contains(P))
        P->getTerminator()->replaceSuccessorWith(R.Header, Turn);
    IRBuilder<> B(Turn);
    B.SetCurrentDebugLocation(Where);
    if (!Where && F.getSubprogram())
      B.SetCurrentDebugLocation(DILocation::get(Ctx, 0, 0, F.getSubprogram()));
    CallInst *Next = B.CreateCall(Body, Arguments, "wfp.next");
    if (F.hasFnAttribute(Attribute::StrictFP))
      Next->addFnAttr(Attribute::StrictFP);
    if (R.Exits.empty()) {
      B.CreateBr(Turn);
    } else {
      SwitchInst *Switch = B.CreateSwitch(Next, R.Exits.back(), R.Exits.size());
      Switch->addCase(B.getInt32(0), Turn);
      for (unsigned I = 0; I + 1 < R.Exits.size(); ++I)
        Switch->addCase(B.getInt32(I + 1), R.Exits[I]);
    }
  }

  BasicBlock *leaveWith(unsigned Code) {
    BasicBlock *B = BasicBlock::Create(Ctx, Code ? "wfp.exit" : "wfp.again", Body);
    ReturnInst *Return = ReturnInst::Create(Ctx, ConstantInt::get(Type::getInt32Ty(Ctx), Code), B);
    Leaving.push_back(Return);
    return B;
  }

  void moveBlocks() {
    for (BasicBlock *B : R.Blocks)
      Body->splice(Body->end(), &F, B->getIterator());
    BranchInst::Create(R.Header, Entry);
    BasicBlock *Again = leaveWith(0);
    SmallVector<BasicBlock *, 2> ExitStubs;
    for (unsigned I = 0; I < R.Exits.size(); ++I)
      ExitStubs.push_back(leaveWith(I + 1));
    for (BasicBlock *B : R.Blocks) {
      Instruction *T = B->getTerminator();
      for (unsigned I = 0; I < T->getNumSuccessors(); ++I) {
        BasicBlock *S = T->getSuccessor(I);
        if (S == R.Header) {
          T->setSuccessor(I, Again);
          T->setMetadata(LLVMContext::MD_loop, nullptr);
        } else if (auto *Exit = find(R.Exits, S); Exit != R.Exits.end()) {
          T->setSuccessor(I, ExitStubs[Exit - R.Exits.begin()]);
        }
      }
    }
  }

  // Debug information: a subprogram of its own, with the scopes and variables of what has moved.
  void describe() {
    DISubprogram *Old = F.getSubprogram();
    if (!Old)
      return;
    DebugLoc First;
    for (Instruction &I : instructions(*Body))
      if (!First && I.getDebugLoc() && !I.getDebugLoc().getInlinedAt() && I.getDebugLoc().getLine())
        First = I.getDebugLoc();
    unsigned Line = First ? First.getLine() : Old->getLine();
    DIBuilder Builder(*F.getParent(), /*AllowUnresolved=*/false, Old->getUnit());
    DISubroutineType *T = Builder.createSubroutineType(Builder.getOrCreateTypeArray({}));
    auto Flags = DISubprogram::SPFlagDefinition | DISubprogram::SPFlagLocalToUnit |
                 (Old->isOptimized() ? DISubprogram::SPFlagOptimized : DISubprogram::SPFlagZero);
    DISubprogram *New = Builder.createFunction(Old->getFile(), Body->getName(), Body->getName(), Old->getFile(), Line, T,
                                               Line, DINode::FlagArtificial, Flags);
    Builder.finalizeSubprogram(New);
    Body->setSubprogram(New);

    DenseMap<const MDNode *, MDNode *> Scopes;
    DenseMap<DILocalVariable *, DILocalVariable *> Variables;
    auto Moved = [&](DebugLoc L) { return DebugLoc::replaceInlinedAtSubprogram(L, *New, Ctx, Scopes); };
    auto MovedVariable = [&](DILocalVariable *Variable) {
      DILocalVariable *&Twin = Variables[Variable];
      if (!Twin)
        Twin = DILocalVariable::get(
            Ctx, DILocalScope::cloneScopeForSubprogram(*Variable->getScope(), *New, Ctx, Scopes), Variable->getName(),
            Variable->getFile(), Variable->getLine(), Variable->getType(), /*Arg=*/0, Variable->getFlags(),
            Variable->getAlignInBits(), Variable->getAnnotations());
      return Twin;
    };
    for (Instruction &I : instructions(*Body)) {
      if (I.getDebugLoc())
        I.setDebugLoc(Moved(I.getDebugLoc()));
      updateLoopMetadataDebugLocations(I, [&](Metadata *M) -> Metadata * {
        auto *L = dyn_cast_or_null<DILocation>(M);
        return L ? Moved(DebugLoc(L)).get() : M;
      });
      for (DbgRecord &Record : make_early_inc_range(I.getDbgRecordRange())) {
        auto *Variable = dyn_cast<DbgVariableRecord>(&Record);
        if (!Variable) { // a label
          Record.eraseFromParent();
          continue;
        }
        if (!Variable->getDebugLoc().getInlinedAt())
          Variable->setVariable(MovedVariable(Variable->getVariable()));
        Variable->setDebugLoc(Moved(Variable->getDebugLoc()));
      }
    }
    SmallPtrSet<DILocalVariable *, 8> Seen;
    for (auto &[D, Storage, Offset] : Declarations) {
      if (D.Location.getInlinedAt() || !Seen.insert(D.Variable).second)
        continue;
      DIExpression *Expression = DIExpression::prepend(D.Expression, DIExpression::ApplyOffset, Offset);
      DbgVariableRecord *Record;
      if (isa<Argument>(Storage) && !Body->hasOptNone()) { // the optimiser loses what is declared behind an argument
        Expression = DIExpression::append(Expression, {dwarf::DW_OP_deref});
        Record = DbgVariableRecord::createDbgVariableRecord(Storage, MovedVariable(D.Variable), Expression,
                                                            Moved(D.Location).get());
      } else {
        Record = DbgVariableRecord::createDVRDeclare(Storage, MovedVariable(D.Variable), Expression,
                                                     Moved(D.Location).get());
      }
      Entry->insertDbgRecordBefore(Record, Entry->getTerminator()->getIterator());
    }
    for (ReturnInst *Return : Leaving)
      Return->setDebugLoc(DILocation::get(Ctx, 0, 0, New));
  }

  struct Placed {
    Declaration Declared;
    Value *Storage;
    uint64_t Offset;
  };

  Function &F;
  const LoopRegion &R;
  const LoopVariables &V;
  LLVMContext &Ctx;
  Function *Body = nullptr;
  BasicBlock *Entry = nullptr;
  DenseMap<const Value *, SmallVector<DbgVariableRecord *, 1>> Records; // of F's variables
  SmallVector<Value *, 2> Arguments;
  SmallVector<Placed, 8> Declarations;
  SmallVector<ReturnInst *, 4> Leaving;
};

} // namespace

void declareVariables(Function &F) {
  DenseSet<std::pair<const DILocalVariable *, const DILocation *>> Declared;
  SmallVector<DbgVariableRecord *, 8> First;
  for (Instruction &I : instructions(F))
    for (DbgVariableRecord &Record : filterDbgVars(I.getDbgRecordRange()))
      if (Record.isDbgAssign() && isa_and_nonnull<AllocaInst>(Record.getAddress()) &&
          Declared.insert({Record.getVariable(), Record.getDebugLoc().getInlinedAt()}).second)
        First.push_back(&Record);
  for (DbgVariableRecord *Record : First)
    DbgVariableRecord::createDVRDeclare(Record->getAddress(), Record->getVariable(), Record->getAddressExpression(),
                                        Record->getDebugLoc().get(), *Record);
  at::deleteAll(&F);
}

Function *makeLoopBody(Function &F, const LoopRegion &R, const LoopVariables &V, const Twine &Name) {
  return BodyMaker(F, R, V).make(Name);
}

} // namespace wfp
