// Enumerators that changed their value, or whose value means another one now: stored values are read otherwise.  Nobody can
// tell whether one is stored, so this is said, not refused; except that an enumeration of another size has another layout.
#include "diff-tool/checks.h"

using namespace llvm;

namespace wfdiff {

namespace {

using Values = std::vector<std::pair<std::string, int64_t>>;

const std::string *nameOf(const Values &In, int64_t Value) {
  for (const auto &[Name, V] : In)
    if (V == Value)
      return &Name;
  return nullptr;
}

bool has(const Values &In, const std::string &Name) {
  return any_of(In, [&](const auto &E) { return E.first == Name; });
}

// An enumeration by key; a nameless one also by an enumerator that both have.
const EnumLayout *counterpart(const UnitInfo &Old, const EnumLayout &E) {
  for (const EnumLayout &O : Old.Enums)
    if (O.Key == E.Key)
      return &O;
  auto Nameless = [](const EnumLayout &L) { return StringRef(L.Key).contains("enum:"); };
  if (Nameless(E))
    for (const EnumLayout &O : Old.Enums)
      if (Nameless(O) && any_of(O.Values, [&](const auto &V) { return has(E.Values, V.first); }))
        return &O;
  return nullptr;
}

std::string differences(const EnumLayout &Old, const EnumLayout &New) {
  std::string Out;
  auto Add = [&](const std::string &Text) { Out += (Out.empty() ? "" : ", ") + Text; };
  for (const auto &[Name, Value] : New.Values) {
    for (const auto &[OldName, OldValue] : Old.Values)
      if (OldName == Name && OldValue != Value)
        Add(Name + " changed from " + std::to_string(OldValue) + " to " + std::to_string(Value));
    // A value that has a new name while its old name means something else; a mere renaming is none of anybody's business.
    if (const std::string *Before = nameOf(Old.Values, Value); Before && !has(Old.Values, Name) && has(New.Values, *Before) &&
                                                               nameOf(New.Values, Value) == &Name)
      Add(Name + " has the value that " + *Before + " had");
  }
  return Out;
}

} // namespace

void checkEnums(Session &S) {
  std::set<std::string> Said;
  for (const UnitPair &U : S.Units) {
    if (!U.Loaded || U.Identical || !U.Old || !U.New)
      continue;
    for (const EnumLayout &E : U.New->Info.Enums) {
      const EnumLayout *Before = counterpart(U.Old->Info, E);
      if (!Before)
        continue;
      if (Before->Size != E.Size) {
        if (isNamed(S, "--trust-type", S.Opts.TrustType, E.Name))
          S.remarkTrusted(E.Name);
        else
          S.refuse(U, E.Name, "size changed from " + Twine(Before->Size) + " to " + Twine(E.Size) +
                                  " bytes; objects of it may live: --trust-type '" + E.Name + "' if none do");
      }
      if (std::string What = differences(*Before, E); !What.empty() && Said.insert(E.Name + What).second)
        S.warn(U, E.Name, What + "; values that the running program has stored mean something else");
    }
  }
}

} // namespace wfdiff
