#include "plugin/ImageState.h"

#include "format/records.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {

void keepFromSanitizers(GlobalVariable &V) {
  GlobalValue::SanitizerMetadata Metadata;
  Metadata.NoAddress = Metadata.NoHWAddress = true;
  V.setSanitizerMetadata(Metadata);
}

GlobalVariable *getImageState(Module &M) {
  GlobalVariable *Declared = M.getGlobalVariable(format::kImageStateSymbol);
  if (Declared && !Declared->isDeclaration())
    return Declared;
  Type *Bytes = ArrayType::get(Type::getInt8Ty(M.getContext()), sizeof(format::ImageState));
  // Weak, not linkonce: a unit without polls must define it too, since its record refers to it.
  auto *State = new GlobalVariable(M, Bytes, /*isConstant=*/false, GlobalValue::WeakAnyLinkage,
                                   ConstantAggregateZero::get(Bytes), format::kImageStateSymbol);
  if (Declared) { // by a program that plays the runtime, as our tests do
    State->takeName(Declared);
    Declared->replaceAllUsesWith(State);
    Declared->eraseFromParent();
  }
  State->setVisibility(GlobalValue::HiddenVisibility);
  State->setDSOLocal(true);
  State->setComdat(M.getOrInsertComdat(format::kImageStateSymbol));
  State->setAlignment(Align(alignof(format::ImageState)));
  keepFromSanitizers(*State);
  return State;
}

} // namespace wfp
