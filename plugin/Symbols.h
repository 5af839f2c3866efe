// What a record says about a symbol besides where it is.
#pragma once

#include <cstdint>
#include <string>

namespace llvm {
class Function;
class GlobalValue;
class Value;
} // namespace llvm

namespace wfp {

// The name that the assembler knows, \01 labels included.
std::string assemblerName(const llvm::GlobalValue &G);

uint64_t nameHash(const llvm::GlobalValue &G);

// format::SymbolFlag bits that functions and variables share: linkage, visibility, COMDAT, escaping address.
uint32_t symbolFlags(const llvm::GlobalValue &G);

// Those of a function's definition: sled, convention, noreturn, coroutine, endless loop.
uint32_t functionFlags(const llvm::Function &F);

// Does the module let G's address go where others can use it later: into memory, a call that may keep it, an integer?
bool addressEscapes(const llvm::GlobalValue &G);

} // namespace wfp
