#include "plugin/SourceInfo.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/Basic/CodeGenOptions.h"
#include "clang/Basic/LangOptions.h"
#include "clang/Basic/Sanitizers.h"
#include "clang/Basic/TargetOptions.h"
#include "clang/Frontend/CompilerInstance.h"

using namespace clang;
using llvm::SmallVector;
using llvm::StringRef;
namespace json = llvm::json;

namespace wfp {

json::Object describeOptions(const CompilerInstance &CI, bool LoopPolls) {
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
  return json::Object{
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
      {"quiescence", LoopPolls ? "auto" : "explicit"},
  };
}

std::unique_ptr<ASTConsumer> makeSourceInfoConsumer(CompilerInstance &CI, UnitPtr U, std::string Root) {
  return std::make_unique<ASTConsumer>();
}

} // namespace wfp
