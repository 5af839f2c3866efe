// The Itanium C++ ABI gives numbers to what has no name, or no unique one, in the order in which the compiler meets it:
//
//     _ZZ1fvENK3$_1clEv      the second closure of f (`$_1`; in inline functions `UlvE0_`)
//     _ZZ1fvE1n_0            the second `static int n` of f
//
// so one more of a kind in front gives all others the numbers of their neighbours.  Nor does it help to parse these names by
// hand: `_0` may end an identifier, an array bound or a substitution.  The demangler knows: it prints closures in a form of
// its own, and neither discriminators nor the mark of internal linkage at all.  Hence a `_0` or an `L` that can go without
// any effect on what is printed is one.
#include "diff-tool/mangled_name.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace wfdiff {

static std::string pretty(StringRef Name) { return demangle(std::string_view(Name.data(), Name.size())); }

// Name without the Count characters at Begin, if that is the same to the demangler.
static bool eraseUnseen(std::string &Name, size_t Begin, size_t Count) {
  std::string Shorter = Name;
  Shorter.erase(Begin, Count);
  std::string Text = pretty(Shorter);
  if (Text == Shorter || Text != pretty(Name))
    return false;
  Name = std::move(Shorter);
  return true;
}

bool isNumbered(StringRef Name) {
  if (Name.contains("$_"))
    return true;
  if (!Name.contains("Ul") && !Name.contains("Ut"))
    return false;
  std::string Text = pretty(Name); // identifiers may hold these letters, too
  return StringRef(Text).contains("'lambda") || StringRef(Text).contains("'unnamed");
}

static std::string withoutOrdinals(StringRef Name) {
  // `4$_12` -> `$_`, since the number is part of the length; the ordinal of `UlvE12_` and `Ut12_` -> nothing.
  std::string Out;
  for (size_t I = 0; I < Name.size();) {
    bool AfterDollar = StringRef(Out).ends_with("$_");
    bool AfterClosure = StringRef(Out).ends_with("E") || StringRef(Out).ends_with("Ut");
    if ((AfterDollar || AfterClosure) && isDigit(Name[I])) {
      size_t End = I;
      while (End < Name.size() && isDigit(Name[End]))
        ++End;
      if (AfterDollar || (End < Name.size() && Name[End] == '_')) {
        while (AfterDollar && Out.size() > 2 && isDigit(Out[Out.size() - 3]))
          Out.erase(Out.size() - 3, 1);
        I = End;
        continue;
      }
    }
    Out += Name[I++];
  }
  return Out;
}

// `_3` after the name of an entity of a function, `__12_` from ten on.
static std::string withoutDiscriminators(std::string Name) {
  for (size_t I = Name.find('_', 2); I != std::string::npos; I = Name.find('_', I + 1)) {
    size_t Digits = I + 1, End = Digits;
    bool Long = Digits < Name.size() && Name[Digits] == '_';
    End = Digits += Long;
    while (End < Name.size() && isDigit(Name[End]) && (Long || End == Digits))
      ++End;
    if (End == Digits || (Long && (End == Name.size() || Name[End] != '_')))
      continue;
    if (eraseUnseen(Name, I, End + Long - I))
      --I;
  }
  return Name;
}

std::string baseName(StringRef Name, bool Local) {
  size_t Llvm = Name.find(".llvm.");
  if (Llvm != StringRef::npos)
    Name = Name.take_front(Llvm);
  while (Local) {
    size_t Dot = Name.rfind('.');
    if (Dot == StringRef::npos || Dot == 0 || Dot + 1 == Name.size() || !all_of(Name.drop_front(Dot + 1), isDigit))
      break;
    Name = Name.take_front(Dot);
  }
  std::string Base = isNumbered(Name) ? withoutOrdinals(Name) : Name.str();
  // Only what has a function in its name has discriminators.
  return Name.starts_with("_Z") && Name.drop_front(2).contains('Z') ? withoutDiscriminators(std::move(Base)) : Base;
}

std::string withoutLineNumbers(std::string Name, const std::vector<NumberedName> &Identifiers, uint64_t &Number) {
  const bool Mangled = StringRef(Name).starts_with("_Z");
  for (const NumberedName &N : Identifiers) {
    const std::string Length = Mangled ? std::to_string(N.Name.size()) : "";
    for (size_t At = Name.find(N.Name); At != std::string::npos; At = Name.find(N.Name, At + 1)) {
      StringRef Before = StringRef(Name).take_front(At), Behind = StringRef(Name).drop_front(At + N.Name.size());
      if (Mangled ? !Before.consume_back(Length) || (!Before.empty() && isDigit(Before.back()))
                  : (!Before.empty() && Before.back() != '.') || (!Behind.empty() && Behind.front() != '.'))
        continue;
      StringRef(N.Name).substr(N.At, N.Digits).getAsInteger(10, Number);
      const std::string Text = (StringRef(N.Name).take_front(N.At) + "#" + StringRef(N.Name).drop_front(N.At + N.Digits)).str();
      Name = (Mangled ? Before + Twine(Text.size()) + Text + Behind : Before + Text + Behind).str();
      break;
    }
  }
  return Name;
}

std::string externalName(StringRef Name) {
  std::string Out = Name.str();
  if (!Name.starts_with("_Z"))
    return Out;
  for (size_t I = Out.find('L', 2); I != std::string::npos && I + 1 < Out.size(); I = Out.find('L', I + 1))
    if (isDigit(Out[I + 1]) && eraseUnseen(Out, I, 1))
      --I;
  // A variable of the global namespace is not mangled at all.
  StringRef Rest = StringRef(Out).drop_front(2);
  unsigned long long Length = 0;
  if (!consumeUnsignedInteger(Rest, 10, Length) && Rest.size() == Length)
    return Rest.str();
  return Out;
}

std::string guardedBy(StringRef Guard) {
  return Guard.consume_front("_ZGVZ") ? ("_ZZ" + Guard).str() : std::string();
}

std::string initialisationOf(StringRef Variable) {
  return Variable.consume_front("_Z") ? ("_ZTH" + Variable).str() : ("_ZTH" + Twine(Variable.size()) + Variable).str();
}

std::string guardOf(StringRef Variable) {
  return Variable.consume_front("_ZZ") ? ("_ZGVZ" + Variable).str() : std::string();
}

} // namespace wfdiff
