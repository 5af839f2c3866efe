// The one writable object that the plugin adds to an image: format::ImageState, the flag that polls read.
#pragma once

namespace llvm {
class GlobalVariable;
class Module;
} // namespace llvm

namespace wfp {

// Tells sanitizers to leave V as it is: they would move it, or put red zones around it.
void keepFromSanitizers(llvm::GlobalVariable &V);

// M's copy of it: zero-initialised, hidden, in a COMDAT, so that every unit has one and every image keeps one.
llvm::GlobalVariable *getImageState(llvm::Module &M);

} // namespace wfp
