// What a unit as a whole must be: built with the plugin, by the same compiler, with options that keep the ABI.
#include "diff-tool/checks.h"

#include "diff-tool/passes.h"
#include "format/manifest.h"
#include "format/records.h"

#include "llvm/Demangle/Demangle.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

bool isNamed(const std::set<std::string> &Names, StringRef Name) {
  return !Names.empty() && (Names.count(Name.str()) || Names.count(demangle(std::string_view(Name.data(), Name.size()))));
}

bool isNamed(Session &S, const char *Option, const std::set<std::string> &Names, StringRef Name) {
  for (const std::string &Candidate : {Name.str(), demangle(std::string_view(Name.data(), Name.size()))})
    if (Names.count(Candidate)) {
      S.Opts.Used.insert(std::string(Option) + " " + Candidate);
      return true;
    }
  return false;
}

// Options that change how code and data of different builds fit together.  Others change code only, and are noted.
static bool altersAbi(StringRef Option) {
  static const StringRef Names[] = {"abi",         "cf-protection", "char-signed", "clang-abi-compat", "code-model",
                                    "exceptions",  "long-double",   "pack-struct",     "pic",
                                    "pie",         "rtti",          "sanitize",    "short-enums",      "stack-alignment",
                                    "wchar"};
  return is_contained(Names, Option);
}

static void checkOptions(Session &S, const UnitPair &U) {
  const UnitInfo &Old = U.Old->Info, &New = U.New->Info;
  std::set<std::string> All;
  for (const auto &E : Old.Options)
    All.insert(E.getKey().str());
  for (const auto &E : New.Options)
    All.insert(E.getKey().str());
  for (const std::string &Option : All) {
    auto Value = [&](const UnitInfo &I) {
      auto Found = I.Options.find(Option);
      return Found == I.Options.end() ? std::string("(none)") : Found->second;
    };
    if (Value(Old) == Value(New))
      continue;
    std::string What = "compiler option " + Option + " changed: " + Value(Old) + " -> " + Value(New);
    if (altersAbi(Option))
      S.refuse(U, "(unit)", What + "; build NEW with OLD's options");
    else if (Option == "debug")
      S.Notes.push_back(U.file() + ": " + What);
    else
      S.warn(U, "(unit)", What);
  }
}

void Session::warn(const UnitPair &U, StringRef Symbol, const Twine &What) {
  std::string Text = (Symbol + ": " + What).str();
  Warnings.push_back(U.file() + ": " + Text);
  Remarks.push_back({uint32_t(RemarkKind::kNote), uint32_t(&U - Units.data()), Text});
}

void Session::remarkTrusted(StringRef Type) {
  if (none_of(Remarks, [&](const Remark &R) { return R.Kind == uint32_t(RemarkKind::kTrustedType) && R.Text == Type; }))
    Remarks.push_back({uint32_t(RemarkKind::kTrustedType), None, Type.str()});
}

static void checkNames(Session &S, const UnitPair &U, const Object &O) {
  std::map<uint64_t, StringRef> Seen;
  for (const Piece &P : O.Pieces)
    for (uint32_t I : P.Symbols) {
      StringRef Name = O.Symbols[I].Name;
      if (Name.empty() || Name.starts_with(".L"))
        continue;
      auto [Found, Fresh] = Seen.try_emplace(name_hash(Name.data(), Name.size()), Name);
      if (!Fresh && Found->second != Name)
        S.refuse(U, Name, "has the same name hash as " + Found->second + "; rename one of them");
    }
}

StringRef instrumentationOf(const Section &S) {
  StringRef Name = S.Name;
  return Name.starts_with("__llvm_prf_") ? "-fprofile-generate or -fprofile-instr-generate"
         : Name.starts_with("__sancov_") ? "-fsanitize-coverage with guards, counters or flags"
                                         : "";
}

// Instrumentation whose run-time must know all code or data from the start, or does not bear libwfpatch.  That which only calls
// its run-time is no obstacle, nor is -fsanitize=undefined, which describes each check beside it.
static void checkInstrumentation(Session &S, const UnitPair &U) {
  constexpr StringRef Table = "learns of variables and constants only when the program starts";
  constexpr StringRef Writes = "takes what libwfpatch writes for never written";
  static constexpr std::pair<StringRef, StringRef> Sanitizers[] = {
      {"address", Table},
      {"kernel-address", Table},
      {"hwaddress", Table},
      {"kernel-hwaddress", Table},
      {"type", Table},
      {"thread", "starts a thread of its own, which no update could ever settle with"},
      {"memory", Writes},
      {"kernel-memory", Writes},
      {"dataflow", "must be told of all functions that are not instrumented, libwfpatch's too"},
      {"kcfi", "traps at calls of functions that an update adds"},
  };
  std::set<std::string> Reasons;
  for (const Object *O : {U.Old.get(), U.New.get()}) {
    const std::string Enabled = O->Info.Options.lookup("sanitize"); // JSON: quoted names
    for (auto [Name, Why] : Sanitizers)
      if (StringRef(Enabled).contains(("\"" + Name + "\"").str()))
        Reasons.insert(("-fsanitize=" + Name + ", which " + Why).str());
    StringRef Counters = O->ByName.count("__llvm_gcov_writeout") ? "--coverage" : "";
    for (const Section &Sec : O->Sections)
      if (Counters.empty())
        Counters = instrumentationOf(Sec);
    if (!Counters.empty())
      Reasons.insert((Counters + ", whose counters are those of the program as it was built").str());
  }
  for (const std::string &Reason : Reasons)
    S.refuse(U, "(unit)", "is compiled with " + Reason + "; build OLD and NEW without it");
}

void checkUnits(Session &S) {
  for (UnitPair &U : S.Units) {
    if (!U.Loaded || (!U.Touched && U.Identical))
      continue;
    bool Missing = false;
    for (const Object *O : {U.Old.get(), U.New.get()})
      if (O && U.Touched && holdsIntermediateCode(*O)) {
        S.Refusals.insert({O->File, "(unit)", "holds intermediate code (-flto) of which the linker makes other code; build OLD and NEW without -flto"});
        Missing = true;
      } else if (O && !O->Info.HasNote && U.Touched) {
        S.Refusals.insert({O->File, "(unit)", "built without wfpatch (no .note.wfpatch); compile it with -fplugin=wfpatch.so"});
        Missing = true;
      } else if (O && O->Info.SeveralUnits && U.Touched) {
        S.Refusals.insert({O->File, "(unit)", "holds several units (ld -r); give the objects that it was made of"});
        Missing = true;
      }
    if (Missing)
      continue;
    for (const Object *O : {U.Old.get(), U.New.get()})
      if (O)
        checkNames(S, U, *O);
    if (!U.Old || !U.New)
      continue;
    const UnitInfo &Old = U.Old->Info, &New = U.New->Info;
    // A unit whose code is the same may have other layouts: its callers' frames hold objects of them.
    if (!Old.HasInfo || !New.HasInfo) {
      for (bool IsOld : {true, false})
        if (const UnitInfo &Info = IsOld ? Old : New; Info.HasNote && !Info.HasInfo)
          S.refuse(U, "(unit)", Twine(IsOld ? "OLD" : "NEW") + " has no .wfpatch.info (stripped?); type layouts cannot be compared");
      continue;
    }
    if (U.Touched && Old.Compiler != New.Compiler)
      S.refuse(U, "(unit)", "compiler changed: " + Old.Compiler + " -> " + New.Compiler + "; build NEW with OLD's compiler");
    if (Old.Target != New.Target)
      S.refuse(U, "(unit)", "target changed: " + Old.Target + " -> " + New.Target + "; build NEW for OLD's");
    if (U.Touched) {
      checkOptions(S, U);
      checkInstrumentation(S, U);
    }
  }
}

Error checkAll(Session &S) {
  checkUnits(S);
  checkData(S);
  checkLayouts(S);
  checkCode(S); // looks at function pointers whose type changed
  checkEnums(S);
  checkActive(S);
  return Error::success();
}

} // namespace wfdiff
