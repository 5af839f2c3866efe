#include "plugin/InfoSection.h"

#include "format/records.h"
#include "plugin/ImageState.h"
#include "plugin/Symbols.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace wfp {

void writeInfoSection(Module &M, const Unit &U, StringRef Key, const UnitId &Id) {
  json::Object Document(U.SourceInfo);
  Document["version"] = int64_t(format::kInfoVersion);
  Document["key"] = json::fixUTF8(Key);
  Document["id"] = toHex(Id, /*LowerCase=*/true);
  Document["source"] = json::fixUTF8(U.Source);
  Document["compiler"] = U.Compiler;
  Document["target"] = Triple(M.getTargetTriple()).str();
  Document["language"] = U.Language;
  Document["options"] = json::Object(U.Options);
  // Constants of other units whose address this one lets go where it may be kept.
  json::Array Escaping;
  for (const GlobalVariable &V : M.globals())
    if (V.isDeclarationForLinker() && V.isConstant() && V.hasName() && addressEscapes(V))
      Escaping.push_back(assemblerName(V));
  Document["escaping"] = std::move(Escaping);
  std::string Text;
  raw_string_ostream(Text) << json::Value(std::move(Document)) << '\n';

  // "\n\0" ends the document: `ld -r` puts several behind one another.
  Constant *Data = ConstantDataArray::getString(M.getContext(), Text, /*AddNull=*/true);
  auto *V = new GlobalVariable(M, Data->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, Data, "wfp.info");
  V->setSection(format::kInfoSection);
  V->setAlignment(Align(1));
  keepFromSanitizers(*V);
  V->setMetadata(LLVMContext::MD_exclude, MDNode::get(M.getContext(), {})); // SHF_EXCLUDE, and not allocated
  appendToCompilerUsed(M, {V});
}

} // namespace wfp
