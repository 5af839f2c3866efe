// Closures, nameless types, and classes that share a name with others of their function: what each is, apart from its number.
#pragma once

#include "diff-tool/model.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace wfdiff {

// A closure, a nameless type or a class of a function that a name mentions, as the demangler prints it: `f(int)::$_0`,
// `f()::'lambda0'(int)`; but `f(int)::S#2` for the second `struct S` of f.
struct LocalEntity {
  std::string Text;
  std::string Context; // what it is in: `f(int)`, empty at namespace scope
  std::string Kind;    // without its number: `$_`, `'lambda'(int)`
  unsigned Number = 0;
  bool IsClass = false; // has a name
};

// All that a symbol's name, or the key of a type, mentions, outer ones before those in them, each once.
std::vector<LocalEntity> localEntities(llvm::StringRef NameOrKey);

// Which of NEW's is which of OLD's.
class EntityMap {
public:
  // What a name mentions.  With its base name (mangled_name.h) it is the name's identity: equal for a name of OLD and one of NEW if
  // they differ only in numbers, and all that they mention is the same.
  std::string mentioned(llvm::StringRef Name, bool IsNew) const;
  // Whether Name means the same in OLD and in NEW.
  bool isSame(llvm::StringRef Name) const;
  // The identity of the key of a type in .wfpatch.info, apart from which of several classes of one name and function it is, of
  // which it has numbers of its own.
  std::string key(llvm::StringRef Key, bool IsNew) const;

  // Those of which it cannot be told what they have become: one of OLD, and why.
  std::vector<std::pair<std::string, std::string>> Ambiguous;

private:
  friend class EntityPairing;

  bool Confusable = false;                       // else names say what they mean
  std::map<std::string, std::string> Canonical;  // NEW's text -> OLD's
  std::map<std::string, std::string> Symbols[2]; // text in keys -> text in symbols; OLD, NEW

  std::string canonical(const std::string &Text, bool IsNew) const;
};

// A function's content, whatever the numbers of what it refers to are.
using Fingerprint = llvm::function_ref<size_t(const Object &, const Piece &)>;

EntityMap pairEntities(const Object &Old, const Object &New, Fingerprint Content);

} // namespace wfdiff
