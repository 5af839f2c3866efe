// Names that macros make of __LINE__ or __COUNTER__.
#pragma once

#include "llvm/Support/JSON.h"

#include <memory>

namespace clang {
class ASTContext;
class Preprocessor;
} // namespace clang

namespace wfp {

class LineNames {
public:
  // From now on, what the two expand to is noted.
  explicit LineNames(clang::Preprocessor &PP);
  ~LineNames();

  // The identifiers, sorted, each with the place and the length of the number in it: docs/formats.md, "numbered".
  llvm::json::Array describe(clang::ASTContext &Ctx) const;

private:
  struct Expansions;
  std::shared_ptr<Expansions> Noted;
};

} // namespace wfp
