// Turns the bytes of one ELF64 x86-64 relocatable object into an Object.
#pragma once

#include "diff-tool/model.h"

#include "llvm/Support/Error.h"

namespace wfdiff {

// True for ELF64 little-endian x86-64 ET_REL; anything else is none of wfdiff's business.
bool isRelocatableObject(llvm::StringRef Bytes);

// `File` is how messages call it.  Fails on a malformed object, never on a merely unusual one.
llvm::Expected<Object> readObject(std::shared_ptr<llvm::MemoryBuffer> Buffer, std::string File, std::string Pair);

} // namespace wfdiff
