// A changed type layout is refused wherever it occurs, also in units whose code is the same: objects of the old layout may
// live in globals, in the heap, and in frames of functions that need not have changed.  The exception is a type of which
// every object is a non-escaping automatic variable: such objects are seen by one function's code only.
#include "diff-tool/checks.h"

#include "format/manifest.h"

using namespace llvm;
using namespace wfp::format;

namespace wfdiff {

static std::string describe(const LayoutField *F) {
  if (!F)
    return "-";
  std::string At = F->Offset % 8 ? std::to_string(F->Offset / 8) + "." + std::to_string(F->Offset % 8)
                                 : std::to_string(F->Offset / 8);
  return F->Name + " " + F->Type + " @" + At;
}

// Differences of fields as "OLD | NEW" pairs; empty if only names changed.  A field that keeps its place and type under
// another name was renamed; a name that moved did not.
static std::string fieldDifferences(const Layout &Old, const Layout &New) {
  auto Named = [](const Layout &L, const std::string &Name) -> const LayoutField * {
    for (const LayoutField &F : L.Fields)
      if (F.Name == Name && !Name.empty())
        return &F;
    return nullptr;
  };
  auto At = [](const Layout &L, const LayoutField &Like) -> const LayoutField * {
    for (const LayoutField &F : L.Fields)
      if (F.Offset == Like.Offset && F.Bits == Like.Bits && F.Type == Like.Type)
        return &F;
    return nullptr;
  };
  std::string Out;
  auto Add = [&](const LayoutField *A, const LayoutField *B) {
    Out += (Out.empty() ? "" : "; ") + describe(A) + " | " + describe(B);
  };
  for (const LayoutField &F : Old.Fields) {
    const LayoutField *Same = Named(New, F.Name);
    if (Same && *Same == F)
      continue;
    if (Same) {
      Add(&F, Same);
      continue;
    }
    const LayoutField *Renamed = At(New, F);
    if (!Renamed || Named(Old, Renamed->Name))
      Add(&F, nullptr);
  }
  for (const LayoutField &F : New.Fields) {
    if (Named(Old, F.Name))
      continue;
    const LayoutField *Renamed = At(Old, F);
    if (!Renamed || Named(New, Renamed->Name))
      Add(nullptr, &F);
  }
  return Out;
}

void checkLayouts(Session &S) {
  struct Finding {
    const UnitPair *First;
    unsigned Units = 0;
  };
  std::map<std::tuple<std::string, std::string>, Finding> Findings; // (type, what)
  std::set<std::string> Trusted;
  for (UnitPair &U : S.Units) {
    if (!U.Loaded || U.Identical || !U.Old || !U.New)
      continue;
    std::map<std::string, const Layout *> Old;
    for (const Layout &L : U.Old->Info.Layouts)
      Old[L.Key] = &L;
    for (const Layout &L : U.New->Info.Layouts) {
      auto Found = Old.find(L.Key);
      if (Found == Old.end() || (!Found->second->Escapes && !L.Escapes))
        continue;
      const Layout &Before = *Found->second;
      std::string What;
      if (Before.Size != L.Size)
        What = "size " + std::to_string(Before.Size) + " -> " + std::to_string(L.Size);
      if (Before.Align != L.Align)
        What += (What.empty() ? "" : ", ") + ("alignment " + std::to_string(Before.Align) + " -> " + std::to_string(L.Align));
      if (std::string Fields = fieldDifferences(Before, L); !Fields.empty())
        What += (What.empty() ? "" : ", ") + ("fields in bytes, OLD | NEW: " + Fields);
      if (What.empty())
        continue;
      if (isNamed(S, "--trust-type", S.Opts.TrustType, L.Name) || isNamed(S, "--trust-type", S.Opts.TrustType, L.Key)) {
        if (Trusted.insert(L.Name).second)
          S.Remarks.push_back({uint32_t(RemarkKind::kTrustedType), None, L.Name});
        continue;
      }
      auto [Place, Fresh] = Findings.try_emplace({L.Name, What}, Finding{&U});
      ++Place->second.Units;
    }
    std::map<std::string, const EnumLayout *> OldEnums;
    for (const EnumLayout &E : U.Old->Info.Enums)
      OldEnums[E.Key] = &E;
    for (const EnumLayout &E : U.New->Info.Enums) {
      auto Found = OldEnums.find(E.Key);
      if (Found == OldEnums.end())
        continue;
      std::map<std::string, int64_t> Values(Found->second->Values.begin(), Found->second->Values.end());
      for (const auto &[Name, Value] : E.Values)
        if (auto Before = Values.find(Name); Before != Values.end() && Before->second != Value)
          S.Notes.push_back(U.file() + ": " + E.Name + ": enumerator " + Name + " changed from " +
                            std::to_string(Before->second) + " to " + std::to_string(Value));
    }
  }
  for (const auto &[Key, F] : Findings) {
    const auto &[Type, What] = Key;
    std::string More = F.Units > 1 ? " (also in " + std::to_string(F.Units - 1) + " other units)" : "";
    S.refuse(*F.First, Type,
             "layout changed: " + What + More + "; objects of it may live: --trust-type '" + Type + "' if none do");
  }
}

} // namespace wfdiff
