// wfdiff OLD NEW -o update.wfp: compares two builds and writes the update that turns the first into the second.
#include "diff-tool/passes.h"
#include "diff-tool/report.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace wfdiff;

namespace {

constexpr int ExitUsage = 2;

cl::OptionCategory Category("wfdiff options");
cl::opt<std::string> Old(cl::Positional, cl::desc("OLD"), cl::cat(Category));
cl::opt<std::string> New(cl::Positional, cl::desc("NEW"), cl::cat(Category));
cl::opt<std::string> Output("o", cl::desc("where to write the update"), cl::value_desc("update.wfp"), cl::cat(Category));
cl::opt<bool> Explain("explain", cl::desc("say for each included function why, with the first difference"),
                      cl::cat(Category));
cl::opt<bool> Json("json", cl::desc("write the report as JSON"), cl::cat(Category));
cl::opt<bool> StripDebug("strip-debug", cl::desc("leave debug information out of the update"), cl::cat(Category));
cl::opt<bool> Verbose("v", cl::desc("also print notes, such as files that were ignored"), cl::cat(Category));
cl::list<std::string> Keep("keep", cl::desc("VAR keeps its value although its initial value changed"), cl::value_desc("VAR"),
                           cl::cat(Category));
cl::list<std::string> Reinit("reinit", cl::desc("VAR is set to its new initial value"), cl::value_desc("VAR"),
                             cl::cat(Category));
cl::list<std::string> TrustType("trust-type", cl::desc("T may change its layout: no object of it is alive"),
                                cl::value_desc("T"), cl::cat(Category));
cl::list<std::string> ReplaceConst("replace-const", cl::desc("constant NAME may change although others may see it"),
                                   cl::value_desc("NAME"), cl::cat(Category));
cl::list<std::string> AllowActive("allow-active", cl::desc("FUNC may be on a thread's stack when the thread moves"),
                                  cl::value_desc("FUNC"), cl::cat(Category));

std::set<std::string> setOf(const cl::list<std::string> &List) { return {List.begin(), List.end()}; }

int fail(Error E) {
  handleAllErrors(std::move(E), [](const ErrorInfoBase &Info) { errs() << "wfdiff: " << Info.message() << "\n"; });
  return ExitUsage;
}

int usage(const Twine &Why) {
  errs() << "wfdiff: " << Why << "; see wfdiff --help\n";
  return ExitUsage;
}

// What was asked for by name must exist: a misspelt --keep would otherwise go unnoticed.
void reportUnused(Session &S, Verdict V) {
  const std::pair<const char *, const std::set<std::string> *> Lists[] = {{"--keep", &S.Opts.Keep},
                                                                          {"--reinit", &S.Opts.Reinit},
                                                                          {"--trust-type", &S.Opts.TrustType},
                                                                          {"--replace-const", &S.Opts.ReplaceConst},
                                                                          {"--allow-active", &S.Opts.AllowActive}};
  for (auto &[Option, Names] : Lists)
    for (const std::string &Name : *Names)
      if (V != Verdict::Refused && !S.Opts.Used.count(std::string(Option) + " " + Name))
        errs() << "wfdiff: warning: " << Option << " " << Name << " had no effect\n";
}

int run(Session &S) {
  std::vector<uint8_t> Update;
  Expected<Verdict> Found = diff(S, Update);
  if (!Found)
    return fail(Found.takeError());
  const Verdict V = *Found;
  if (V == Verdict::Written)
    if (Error E = writeFile(S.Opts.Output, Update))
      return fail(std::move(E));

  reportUnused(S, V);
  if (Verbose)
    for (const std::string &Note : S.Notes)
      errs() << "wfdiff: note: " << Note << "\n";
  for (const std::string &Warning : S.Warnings)
    errs() << "wfdiff: warning: " << Warning << "\n";
  printRefusals(S, errs());
  if (S.Opts.Json)
    printJson(S, V, outs());
  else if (S.Opts.Explain)
    printExplanation(S, outs());
  if (!S.Opts.Json && V != Verdict::Refused)
    printSummary(S, V, outs());
  return int(V);
}

} // namespace

int main(int Argc, char **Argv) {
  cl::HideUnrelatedOptions(Category);
  cl::SetVersionPrinter([](raw_ostream &Out) { Out << "wfdiff " WFPATCH_VERSION " (LLVM " LLVM_VERSION_STRING ")\n"; });
  if (!cl::ParseCommandLineOptions(Argc, Argv, "Compares two builds and writes an update for wfpatch.\n", &errs()))
    return ExitUsage;
  if (Old.empty() || New.empty())
    return usage("give OLD and NEW");
  if (Output.empty())
    return usage("give the output with -o");

  Session S;
  S.Opts.Old = Old;
  S.Opts.New = New;
  S.Opts.Output = Output;
  S.Opts.Explain = Explain;
  S.Opts.Json = Json;
  S.Opts.Verbose = Verbose;
  S.Opts.Debug = !StripDebug;
  S.Opts.Keep = setOf(Keep);
  S.Opts.Reinit = setOf(Reinit);
  S.Opts.TrustType = setOf(TrustType);
  S.Opts.ReplaceConst = setOf(ReplaceConst);
  S.Opts.AllowActive = setOf(AllowActive);
  return run(S);
}
