// Record and enumeration types of a unit as JSON: the "layouts" and "enums" of .wfpatch.info (docs/formats.md).
#pragma once

#include "clang/AST/ASTContext.h"
#include "clang/AST/Decl.h"
#include "clang/AST/Mangle.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace wfp {

// Collects types, closed over what they contain by value, and describes each once.
class LayoutTable {
public:
  // AllEscape: no variable is taken for one that stays in the frame of the function that uses it.
  LayoutTable(clang::ASTContext &Ctx, std::string Root, bool AllEscape);

  // T, or what T is an array of, is laid out here.  A type Escapes unless all that the unit has of it are automatic
  // variables whose address does not leave their function: then Function is such a function.
  void add(clang::QualType T, bool Escapes, llvm::StringRef Function = {});
  void addEnum(const clang::EnumDecl *E);
  // A variable with static storage that the unit defines; a static local of C as FUNCTION.NAME, whatever number the
  // compiler puts behind that.
  void addVariable(std::string Name, clang::QualType T);

  // A function that the unit defines and whose name does not tell its type: C's.
  void addFunction(std::string Name, clang::QualType T);

  // By which wfdiff finds the type again.
  std::string keyOf(const clang::TagDecl *D);

  llvm::json::Array layouts();
  llvm::json::Array enums();
  llvm::json::Array variables();
  llvm::json::Array functions();

private:
  struct Use {
    bool Escapes = false;
    std::set<std::string> Functions;
  };

  void addRecord(const clang::RecordDecl *R, bool Escapes, llvm::StringRef Function);
  llvm::json::Object describe(const clang::RecordDecl *R, const Use &U);
  llvm::json::Array fields(const clang::RecordDecl *R);
  llvm::json::Array virtualTables(const clang::CXXRecordDecl *Class); // of a dynamic class; VirtualTables.cpp
  std::string computeKey(const clang::TagDecl *D);
  std::string contextKey(const clang::DeclContext *Context);
  std::string typeName(clang::QualType T);
  std::string pointeeName(clang::QualType T);
  std::string signature(const clang::FunctionType *F);
  void addTypedefs();
  std::string displayName(const clang::TagDecl *D);
  bool isInSystemHeader(const clang::Decl *D) const;

  clang::ASTContext &Ctx;
  std::string Root;
  bool AllEscape;
  std::unique_ptr<clang::MangleContext> Mangler;
  llvm::DenseMap<const clang::TagDecl *, std::string> Keys;
  llvm::MapVector<const clang::RecordDecl *, Use> Records;
  llvm::SetVector<const clang::EnumDecl *> Enums;
  std::map<std::string, clang::QualType> Variables, Functions;
  llvm::DenseMap<const clang::RecordDecl *, std::vector<std::string>> Typedefs; // C: further names, as keys
};

} // namespace wfp
