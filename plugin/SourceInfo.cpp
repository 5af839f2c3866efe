// The front end's part of .wfpatch.info: options here, types and lines by Layouts.cpp and TypeUses.cpp.
#include "plugin/SourceInfo.h"

#include "plugin/ClosureNames.h"
#include "plugin/LLVMCompat.h"
#include "plugin/Layouts.h"
#include "plugin/LineNames.h"
#include "plugin/LocalNames.h"
#include "plugin/Symbols.h"
#include "plugin/TypeUses.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ExprCXX.h"
#include "clang/Basic/CodeGenOptions.h"
#include "clang/Basic/LangOptions.h"
#include "clang/Basic/Sanitizers.h"
#include "clang/Basic/TargetOptions.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/IR/Module.h"

using namespace clang;
using llvm::SmallVector;
using llvm::StringRef;
namespace json = llvm::json;

namespace wfp {

json::Object describeOptions(const CompilerInstance &CI, const Unit &U) {
  const CodeGenOptions &G = CI.getCodeGenOpts();
  const LangOptions &L = CI.getLangOpts();
  const TargetOptions &T = CI.getTarget().getTargetOpts();
  std::string Level = G.OptimizeSize == 2 ? "z" : G.OptimizeSize == 1 ? "s" : std::to_string(G.OptimizationLevel);
  std::string Features;
  for (const std::string &F : T.Features)
    Features += (Features.empty() ? "" : ",") + F;
  static const char *const Protector[] = {"none", "basic", "strong", "all"};
  std::string Branch = G.CFProtectionBranch && G.CFProtectionReturn ? "full"
                       : G.CFProtectionBranch                       ? "branch"
                       : G.CFProtectionReturn                       ? "return"
                                                                    : "none";
  SmallVector<StringRef, 4> Sanitizers;
  serializeSanitizerSet(L.Sanitize, Sanitizers);
  json::Object All{
      {"O", Level},
      {"pic", int64_t(L.PICLevel)},
      {"pie", bool(L.PIE)},
      {"code-model", G.CodeModel == "default" ? "small" : G.CodeModel},
      {"cpu", T.CPU},
      {"tune-cpu", T.TuneCPU},
      {"features", Features},
      {"abi", T.ABI},
      {"cf-protection", Branch},
      {"stack-protector", Protector[unsigned(L.getStackProtector())]},
      {"debug", G.getDebugInfo() != llvm::codegenoptions::NoDebugInfo},
      {"exceptions", bool(L.Exceptions)},
      {"unwind-tables", int64_t(G.UnwindTables)},
      {"rtti", bool(L.RTTI)},
      {"short-enums", bool(L.ShortEnums)},
      {"wchar", TargetInfo::getTypeName(CI.getTarget().getWCharType())},
      {"long-double", int64_t(llvm::APFloat::getSizeInBits(CI.getTarget().getLongDoubleFormat()))},
      {"clang-abi-compat", int64_t(L.getClangABICompat())},
      {"stack-alignment", int64_t(G.StackAlignment)},
      {"char-signed", bool(L.CharIsSigned)},
      {"pack-struct", int64_t(L.PackStruct)},
      {"wrapv", L.getSignedOverflowBehavior() == LangOptions::SOB_Defined},
      {"strict-aliasing", !G.RelaxedAliasing},
      {"semantic-interposition", bool(L.SemanticInterposition)},
      {"plt", !G.NoPLT},
      {"common", !G.NoCommon},
      {"tls-size", int64_t(G.TLSSize)},
      {"frame-pointer", int64_t(G.getFramePointer())},
      {"fast-math", bool(L.FastMath)},
      {"init-array", bool(G.UseInitArray)},
      {"sanitize", json::Array(Sanitizers)},
      {"basic-block-sections", G.BBSections},
      {"split-machine-functions", bool(G.SplitMachineFunctions)},
      {"integrated-as", !G.DisableIntegratedAS},
      {"mllvm", json::Array(CI.getFrontendOpts().LLVMArgs)},
      {"quiescence", U.LoopPolls ? "auto" : "explicit"},
  };
  if (U.OutlineLoops) // else the unit is what it was before there was the choice, its id too
    All["event-loops"] = "outline";
  return All;
}

namespace {

// Names of what CodeGen has put into the module, as the assembler will see them.
llvm::StringSet<> emittedNames(const llvm::Module &M) {
  llvm::StringSet<> Names;
  for (const llvm::Function &F : M)
    if (!F.isDeclaration())
      Names.insert(assemblerName(F));
  for (const llvm::GlobalVariable &V : M.globals())
    Names.insert(assemblerName(V)); // declarations too: the unit accesses them
  return Names;
}

json::Object describeSource(ASTContext &Ctx, const std::string &Root, const llvm::Module &M, bool OutlineLoops,
                            llvm::ArrayRef<const LambdaExpr *> Closures, const ClosureNames &Names, const LineNames &Numbered) {
  LayoutTable Layouts(Ctx, Root, /*AllEscape=*/OutlineLoops);
  std::vector<LineUse> Lines;
  collectUses(Ctx, emittedNames(M), Layouts, Lines);
  json::Array LineArray;
  for (const LineUse &L : Lines)
    LineArray.push_back(json::Object{
        {"function", L.Function}, {"ordinal", int64_t(L.Ordinal)}, {"line", int64_t(L.Line)}});
  json::Array ClosureArray;
  for (size_t I = 0; I < Closures.size(); ++I)
    if (auto Found = Names.find(I); Found != Names.end()) {
      const CXXRecordDecl *Class = Closures[I]->getLambdaClass();
      Layouts.add(tagType(Ctx, Class), /*Escapes=*/true);
      ClosureArray.push_back(json::Object{{"symbol", Found->second}, {"key", Layouts.keyOf(Class)}});
    }
  json::Array LayoutArray = Layouts.layouts();
  return json::Object{
      {"layouts", std::move(LayoutArray)},
      {"enums", Layouts.enums()},
      {"variables", Layouts.variables()},
      {"functions", Layouts.functions()},
      {"closures", std::move(ClosureArray)},
      {"lines", std::move(LineArray)},
      {"numbered", Numbered.describe(Ctx)}};
}

class SourceInfoConsumer : public ASTConsumer {
public:
  SourceInfoConsumer(UnitPtr U, std::string Root, Preprocessor &PP)
      : U(std::move(U)), Root(std::move(Root)), Names(PP) {}

  void Initialize(ASTContext &Ctx) override { Context = &Ctx; }

  bool HandleTopLevelDecl(DeclGroupRef Group) override {
    if (U->OutlineLoops)
      for (Decl *D : Group)
        annotateLocals(*Context, D);
    return true;
  }

  void HandleTranslationUnit(ASTContext &Ctx) override {
    std::vector<const LambdaExpr *> Closures;
    if (Ctx.getLangOpts().CPlusPlus)
      Closures = annotateClosures(Ctx);
    U->DescribeSource = [&Ctx, Root = Root, Outline = U->OutlineLoops, Closures = std::move(Closures), Numbered = Names](
                            const llvm::Module &M, const ClosureNames &Names) {
      return describeSource(Ctx, Root, M, Outline, Closures, Names, Numbered);
    };
  }

private:
  ASTContext *Context = nullptr;
  UnitPtr U;
  std::string Root;
  LineNames Names;
};

} // namespace

std::unique_ptr<ASTConsumer> makeSourceInfoConsumer(CompilerInstance &CI, UnitPtr U, std::string Root) {
  // The AST is looked at from the optimiser's pipeline, when it is known what was emitted.
  CI.getCodeGenOpts().ClearASTBeforeBackend = false;
  return std::make_unique<SourceInfoConsumer>(std::move(U), std::move(Root), CI.getPreprocessor());
}

} // namespace wfp
