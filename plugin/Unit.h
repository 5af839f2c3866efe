// What the front end knows about the unit being compiled, for the passes.  `opt` has no front end: there a unit has no
// source, and the key is made of the module's name.
#pragma once

#include "plugin/ClosureNames.h"

#include "llvm/Support/JSON.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace llvm {
class Module;
}

namespace wfp {

struct Unit {
  std::string Key;      // "SOURCE|OBJECT", docs/formats.md; empty: take the module's source_filename
  std::string Source;   // relative to the build root
  std::string Compiler; // version string
  std::string Language; // "C", "C++" or empty
  llvm::json::Object Options; // code-generation options; part of the id
  bool LoopPolls = true;      // quiescence=auto
  bool OutlineLoops = false;  // event-loops=outline

  // Called at the start of the pipeline, while the AST is alive and the module holds what CodeGen made of it.  Gives the
  // attributes of the info document that only the AST can give (layouts, enums, closures, lines).
  std::function<llvm::json::Object(const llvm::Module &, const ClosureNames &)> DescribeSource;
  llvm::json::Object SourceInfo; // what it returned

  bool hasFrontEnd() const { return !Key.empty(); }
};

using UnitPtr = std::shared_ptr<Unit>;

} // namespace wfp
