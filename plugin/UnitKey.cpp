#include "plugin/UnitKey.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

using namespace llvm;

namespace wfp {

static SmallString<256> absolutePath(StringRef Path) {
  SmallString<256> Absolute(Path);
  sys::fs::make_absolute(Absolute);
  sys::path::remove_dots(Absolute, /*remove_dot_dot=*/true);
  return Absolute;
}

std::string findBuildRoot(StringRef Explicit) {
  if (!Explicit.empty())
    return absolutePath(Explicit).str().str();
  if (const char *Environment = std::getenv("WFPATCH_ROOT"); Environment && *Environment)
    return absolutePath(Environment).str().str();
  SmallString<256> Working = absolutePath(".");
  for (StringRef Dir = Working; !Dir.empty(); Dir = sys::path::parent_path(Dir))
    for (StringRef Mark : {"CMakeCache.txt", "build.ninja", "config.status", ".git"}) {
      SmallString<256> Candidate(Dir);
      sys::path::append(Candidate, Mark);
      if (sys::fs::exists(Candidate))
        return Dir.str();
    }
  return Working.str().str();
}

std::string relativeToRoot(StringRef Path, StringRef Root) {
  SmallString<256> Absolute = absolutePath(Path);
  auto P = sys::path::begin(Absolute), PE = sys::path::end(Absolute);
  auto R = sys::path::begin(Root), RE = sys::path::end(Root);
  for (; R != RE && P != PE && *R == *P; ++R, ++P)
    ;
  if (R != RE || P == PE)
    return sys::path::filename(Absolute).str();
  std::string Relative;
  for (; P != PE; ++P)
    Relative += (Relative.empty() ? "" : "/") + P->str();
  return Relative;
}

// The driver calls its temporary files STEM-<hexadecimal digits>.EXT and puts them into the temporary directory.
static bool isDriverTemporary(StringRef Output, StringRef Stem) {
  SmallString<128> Temporary;
  sys::path::system_temp_directory(/*ErasedOnReboot=*/true, Temporary);
  StringRef Name = sys::path::stem(Output);
  return sys::path::parent_path(absolutePath(Output)) == StringRef(absolutePath(Temporary)) &&
         Name.consume_front(Stem) && Name.consume_front("-") && Name.size() >= 6 && all_of(Name, isHexDigit);
}

std::string makeUnitKey(StringRef Source, StringRef Output, StringRef Root) {
  std::string Key = Source == "-" ? "-" : relativeToRoot(Source, Root);
  Key += '|';
  StringRef Stem = Source == "-" ? "-" : sys::path::stem(Source);
  if (Output.empty() || Output == "-")
    return Key + "-";
  if (isDriverTemporary(Output, Stem))
    return Key + Stem.str() + ".o";
  return Key + relativeToRoot(Output, Root);
}

} // namespace wfp
