// Compares the types of two units as the plugin describes them (docs/formats.md).
#pragma once

#include "diff-tool/local_entities.h"
#include "diff-tool/unit_info.h"

#include "llvm/ADT/StringRef.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace wfdiff {

class TypeComparer {
public:
  // Which must outlive it; Entities: which closure and nameless type is which.
  TypeComparer(const UnitInfo &Old, const UnitInfo &New, const EntityMap &Entities);

  // Whether a number in the key tells which type it is, so that in another unit, or version, it may be another.
  bool isNumbered(llvm::StringRef Key) const { return Numbered.count(Key) != 0; }
  // OLD's type that NEW's L is, by key or typedef; null if there is none.
  const Layout *counterpart(const Layout &L) const;
  // Objects of OLD's A are NEW's B.
  void pair(const Layout *A, const Layout *B);
  // "OLD | NEW" for what differs, or nothing.  May add to Pairs: what the fields of A and B point to.
  std::string differences(const Layout &A, const Layout &B);
  // Of signatures: whether a caller of one passes what the other takes.
  bool sameParameter(llvm::StringRef A, llvm::StringRef B);
  std::string variableDifference(const VariableType &A, const VariableType &B);

  std::vector<std::pair<const Layout *, const Layout *>> Pairs;
  std::set<std::string> ChangedPrototypes; // of OLD, where a function pointer that stays has another type in NEW

private:
  using Index = std::map<std::string, const Layout *, std::less<>>; // by key and typedef
  Index Old, New;
  std::set<std::string, std::less<>> Numbered;               // keys of either
  std::map<const Layout *, const Layout *> Counterparts; // of those: NEW's -> OLD's
  std::set<std::pair<const Layout *, const Layout *>> Seen, Inside;

  static Index index(const UnitInfo &Info);
  void pairSeveral(std::vector<const Layout *> &Olds, std::vector<const Layout *> &News);
  static const Layout *find(const Index &In, llvm::StringRef Key);
  bool sameRecords(llvm::StringRef OldKey, llvm::StringRef NewKey);
  bool sameType(llvm::StringRef A, llvm::StringRef B);
  bool samePointee(llvm::StringRef A, llvm::StringRef B);
  bool sameField(const LayoutField &A, const LayoutField &B);
  std::string fieldDifferences(const Layout &A, const Layout &B);
  static std::string tableDifferences(const Layout &A, const Layout &B);
};

} // namespace wfdiff
