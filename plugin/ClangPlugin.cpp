// What clang sees: a plugin action that needs no flag but -fplugin=wfpatch.so.
//
// It adds no work of its own before the main action.  It sets the code-generation options that updates rely on (each
// function and variable in its own section, so that the linker cannot be given half of one; no direct access to data of
// other images, which would end in copy relocations), and hands the passes to the back end.
//
// The plugin is instantiated for every action with an AST, -fsyntax-only and precompiled headers included; what needs
// no AST (-E, -M) never gets here.  A compilation that starts from IR does not either: -save-temps compiles in such
// steps, which is said with a warning.
#include "plugin/LLVMCompat.h"
#include "plugin/Passes.h"
#include "plugin/SourceInfo.h"
#include "plugin/UnitKey.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/Basic/CodeGenOptions.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/Version.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"

using namespace clang;

namespace {

class WfpatchAction : public PluginASTAction {
  bool ParseArgs(const CompilerInstance &CI, const std::vector<std::string> &Args) override {
    bool Valid = true;
    for (llvm::StringRef Arg : Args)
      Valid &= parseArg(CI.getDiagnostics(), Arg);
    return checkOptions(CI) && Valid;
  }

  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &CI, llvm::StringRef InFile) override {
    auto U = std::make_shared<wfp::Unit>();
    std::string Root = wfp::findBuildRoot(RootArg);
    U->LoopPolls = LoopPolls;
    U->OutlineLoops = OutlineLoops;
    U->Source = InFile == "-" ? "-" : wfp::relativeToRoot(InFile, Root);
    U->Key = wfp::makeUnitKey(InFile, CI.getFrontendOpts().OutputFile, Root);
    U->Compiler = getClangFullVersion();
    U->Language = CI.getLangOpts().CPlusPlus ? "C++" : "C";
    U->Options = wfp::describeOptions(CI, *U);

    CodeGenOptions &Options = CI.getCodeGenOpts();
    // At -O0 too CodeGen shall say where variables begin and end to live, without which the bodies of event loops could
    // not have variables of their own.  The option does nothing else where there is no address sanitizer.
    Options.SanitizeAddressUseAfterScope |= OutlineLoops;
    Options.FunctionSections = true;
    Options.DataSections = true;
    Options.DirectAccessExternalData = false;
    Options.PassBuilderCallbacks.push_back([U](llvm::PassBuilder &PB) { wfp::registerPasses(PB, U); });
    return wfp::makeSourceInfoConsumer(CI, U, Root);
  }

  ActionType getActionType() override { return AddBeforeMainAction; }

  bool parseArg(DiagnosticsEngine &Diags, llvm::StringRef Arg) {
    auto [Name, Value] = Arg.split('=');
    if (Name == "root" && !Value.empty()) {
      RootArg = Value.str();
      return true;
    }
    if (Name == "quiescence" && (Value == "auto" || Value == "explicit")) {
      LoopPolls = Value == "auto";
      return true;
    }
    if (Name == "event-loops" && (Value == "outline" || Value == "keep")) {
      OutlineLoops = Value == "outline";
      return true;
    }
    unsigned Id = Diags.getCustomDiagID(DiagnosticsEngine::Error,
                                        "wfpatch: unknown plugin argument '%0'; known are quiescence=auto, "
                                        "quiescence=explicit, event-loops=outline, event-loops=keep and root=DIR");
    Diags.Report(Id) << Arg;
    return false;
  }

  // Options under which what we emit would be wrong, each refused by its name.
  bool checkOptions(const CompilerInstance &CI) {
    const CodeGenOptions &Options = CI.getCodeGenOpts();
    DiagnosticsEngine &Diags = CI.getDiagnostics();
    const llvm::Triple &Target = CI.getTarget().getTriple();
    auto Refuse = [&](llvm::StringRef What) {
      Diags.Report(Diags.getCustomDiagID(DiagnosticsEngine::Error, "wfpatch: %0")) << What;
      return false;
    };
    if (!Target.isOSLinux() || !Target.isOSBinFormatELF() || Target.getArch() != llvm::Triple::x86_64 ||
        Target.isX32())
      return Refuse("only x86-64 Linux is supported, not " + Target.str());
    if (Options.PrepareForLTO || Options.PrepareForThinLTO)
      return Refuse("-flto is not supported: the records must describe the object, and with -flto there is none until "
                    "the link; compile without it (-fno-lto behind it will do), other units may keep it");
    if (Options.CodeModel == "medium" || Options.CodeModel == "large")
      return Refuse("-mcmodel=" + Options.CodeModel + " is not supported: records and gates reach 2 GiB");
    if (Options.EmulatedTLS)
      return Refuse("-femulated-tls is not supported: thread-local variables would have no offset to record");
    if (Options.EnableSegmentedStacks)
      return Refuse("-fsplit-stack is not supported: whether a function is active on a thread's stack cannot be told when the "
                    "stack is in pieces");
    if (Options.MergeFunctions)
      return Refuse("-fmerge-functions is not supported: functions would become thunks without a sled");
    if (Options.DisableLLVMPasses && CI.getFrontendOpts().ProgramAction != frontend::ParseSyntaxOnly) {
      Diags.Report(Diags.getCustomDiagID(
          DiagnosticsEngine::Warning,
          "wfpatch: -save-temps and -disable-llvm-passes compile without plugins' passes: the object will not be "
          "patchable"));
      return false;
    }
    return true;
  }

  std::string RootArg;
  bool LoopPolls = true;
  bool OutlineLoops = false;
};

} // namespace

static FrontendPluginRegistry::Add<WfpatchAction> Register("wfpatch", "make the program patchable while it runs");
