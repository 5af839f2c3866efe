// The passes, in the order in which they run.  See Passes.cpp for the pipeline and each pass's file for its reasons.
#pragma once

#include "plugin/Unit.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/PassManager.h"

namespace llvm {
class Function;
class PassBuilder;
} // namespace llvm

namespace wfp {

// Functions that have a sled carry this attribute (value: "endbr" if the sled follows an endbr64), functions without one
// because of their convention the second: the records are made from them.
inline constexpr char kSledAttribute[] = "wfpatch-sled";
inline constexpr char kConventionAttribute[] = "wfpatch-convention";
inline constexpr char kCoroutineAttribute[] = "wfpatch-coroutine";
// The body of an event loop; value: the function that it was made from.
inline constexpr char kLoopBodyAttribute[] = "wfpatch-loop-body";
// Module flags: the passes have run; a front end takes care of this module.
inline constexpr char kDoneFlag[] = "wfpatch";
inline constexpr char kFrontEndFlag[] = "wfpatch-front-end";

// Given both -fplugin and -fpass-plugin, two sets of these passes run: the one with a front end does the work, and what
// has been done is not done again.
bool shouldRun(const llvm::Module &M, const Unit &U);

// Pipeline start: variables of local linkage stay as the source declares them; coroutines are marked before they split.
struct PreparePass : llvm::PassInfoMixin<PreparePass> {
  explicit PreparePass(UnitPtr U) : U(std::move(U)) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
  UnitPtr U;
};

// Pipeline start: bodies of event loops become functions of their own.
struct OutlinePass : llvm::PassInfoMixin<OutlinePass> {
  explicit OutlinePass(UnitPtr U) : U(std::move(U)) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
  UnitPtr U;
};

// Pipeline end: these functions, opaque until now, get the linkage that they are to have.
struct SealPass : llvm::PassInfoMixin<SealPass> {
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
};

// Polls at back edges, and explicit quiescence points.
struct QuiescencePass : llvm::PassInfoMixin<QuiescencePass> {
  explicit QuiescencePass(UnitPtr U) : U(std::move(U)) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
  UnitPtr U;
};

// A sled at the entry of every function that can have one.
struct SledPass : llvm::PassInfoMixin<SledPass> {
  explicit SledPass(UnitPtr U) : U(std::move(U)) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
  UnitPtr U;
};

// Records of the unit, its functions, variables and thread-locals; the image state; the info document.
struct RecordsPass : llvm::PassInfoMixin<RecordsPass> {
  explicit RecordsPass(UnitPtr U) : U(std::move(U)) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &MAM);
  static bool isRequired() { return true; }
  UnitPtr U;
};

// Puts all of them where they belong in the pipelines that PB builds.  In `opt` they also have names, for tests:
// wfpatch-prepare, wfpatch-outline, wfpatch-seal, wfpatch-quiescence, wfpatch-sled, wfpatch-records, and wfpatch for the
// last three.
void registerPasses(llvm::PassBuilder &PB, UnitPtr U);

} // namespace wfp
