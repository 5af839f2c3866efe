#include "plugin/ClosureNames.h"

#include "plugin/Symbols.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace wfp {

ClosureNames takeClosureNames(Module &M) {
  ClosureNames Names;
  GlobalVariable *All = M.getNamedGlobal("llvm.global.annotations");
  auto *Entries = All && All->hasInitializer() ? dyn_cast<ConstantArray>(All->getInitializer()) : nullptr;
  if (!Entries)
    return Names;
  // Each is {what, text, file, line, arguments}.
  SmallVector<Constant *, 16> Others;
  SmallPtrSet<GlobalVariable *, 16> Strings;
  for (const Use &U : Entries->operands()) {
    auto *Entry = dyn_cast<ConstantStruct>(U.get());
    auto *Text = Entry ? dyn_cast<GlobalVariable>(Entry->getOperand(1)->stripPointerCasts()) : nullptr;
    auto *Data = Text && Text->hasInitializer() ? dyn_cast<ConstantDataSequential>(Text->getInitializer()) : nullptr;
    StringRef Number = Data && Data->isCString() ? Data->getAsCString() : StringRef();
    unsigned Closure;
    if (!Number.consume_front(kClosurePrefix) || Number.getAsInteger(10, Closure)) {
      Others.push_back(cast<Constant>(U.get()));
      continue;
    }
    if (const auto *F = dyn_cast<Function>(Entry->getOperand(0)->stripPointerCasts()))
      Names.emplace(Closure, assemblerName(*F));
    for (const Use &Operand : Entry->operands())
      if (auto *G = dyn_cast<GlobalVariable>(cast<Constant>(Operand)->stripPointerCasts()))
        Strings.insert(G);
  }
  if (Names.empty())
    return Names;
  if (!Others.empty()) {
    auto *Type = ArrayType::get(Entries->getType()->getElementType(), Others.size());
    auto *Kept = new GlobalVariable(M, Type, All->isConstant(), All->getLinkage(), ConstantArray::get(Type, Others));
    Kept->copyAttributesFrom(All);
    Kept->takeName(All);
  }
  All->eraseFromParent();
  for (GlobalVariable *G : Strings) {
    G->removeDeadConstantUsers();
    if (G->use_empty() && G->hasPrivateLinkage())
      G->eraseFromParent();
  }
  return Names;
}

} // namespace wfp
