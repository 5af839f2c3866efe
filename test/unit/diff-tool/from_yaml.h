// Objects from YAML, as yaml2obj makes them.
#pragma once

#include "diff-tool/model.h"

#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace wfdiff::test {

// `Body` is what follows the file header: Sections and Symbols.  Fails the test if the YAML is wrong.
llvm::Expected<Object> parse(const std::string &Body);

// Likewise, must be readable; with targets resolved.
std::unique_ptr<Object> object(const std::string &Body);

// The piece of that name; fails the test if there is none.
uint32_t pieceOf(const Object &O, llvm::StringRef Name);

} // namespace wfdiff::test
