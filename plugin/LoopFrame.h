// The variables that an event loop's body shares with its shell, and those that it has to itself.
#pragma once

#include "plugin/LocalNames.h"
#include "plugin/LoopRegion.h"

#include "llvm/IR/Instructions.h"
#include "llvm/Support/Alignment.h"

namespace wfp {

// Variables at fixed offsets of one object, which lives in the shell's frame.
struct Frame {
  struct Member {
    llvm::AllocaInst *Variable;
    uint64_t Offset;
  };
  llvm::SmallVector<Member, 8> Members;
  uint64_t Size = 0;
  llvm::Align Alignment;

  void add(llvm::AllocaInst *Variable);
};

struct LoopVariables {
  Frame Scalars; // nobody else has a pointer to them
  Frame Objects; // all others
  llvm::SmallVector<llvm::AllocaInst *, 8> Own; // of the body alone; outside, if at all, another value has the name
};

LoopVariables classifyVariables(llvm::Function &F, const LoopRegion &R, const LocalNames &Names);

// What body and shell must agree on: names, types and places of the shared variables, and the exits.
uint32_t interfaceHash(const LoopVariables &V, const LoopRegion &R, const LocalNames &Names);

bool isLifetimeMarker(const llvm::User *U);

} // namespace wfp
