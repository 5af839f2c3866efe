// What only the front end knows and wfdiff wants to know: see docs/formats.md, .wfpatch.info.
#pragma once

#include "plugin/Unit.h"

#include <memory>

namespace clang {
class ASTConsumer;
class CompilerInstance;
} // namespace clang

namespace wfp {

// Every option that can alter code or ABI.
llvm::json::Object describeOptions(const clang::CompilerInstance &CI, const Unit &U);

// A consumer that sets U->DescribeSource.
std::unique_ptr<clang::ASTConsumer> makeSourceInfoConsumer(clang::CompilerInstance &CI, UnitPtr U, std::string Root);

} // namespace wfp
