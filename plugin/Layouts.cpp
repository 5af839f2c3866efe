// A changed layout is what an update cannot survive: old objects stay in memory, and new code would read them wrong.  The
// object's debug information would tell layouts too, but nobody has to compile with -g, and it leaves out what wfdiff
// needs most: a key by which a type in OLD and one in NEW are known to be the same.
//
// Keys.  C++ types with linkage have a mangled name.  C's tags are names within a unit.  Types without a name are found
// again by where they are: in a record, by their position among its nameless types; elsewhere by the variable or typedef
// that is declared with them, since a position among all declarations would change with every header.
//
// A type that gets a name of another kind (a nameless struct with a typedef becomes a tagged one, to point to itself) is
// found through its typedefs.
//
// Pointers are opaque: a pointer to a changed type does not make the type that holds it change.  What they point to is
// noted apart, by which wfdiff pairs types that were renamed, and sees a buffer whose elements changed.
#include "plugin/Layouts.h"

#include "plugin/LLVMCompat.h"
#include "plugin/UnitKey.h"

#include "clang/AST/DeclCXX.h"
#include "clang/AST/RecordLayout.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Basic/TargetInfo.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang;
namespace json = llvm::json;

namespace wfp {

LayoutTable::LayoutTable(ASTContext &Ctx, std::string Root, bool AllEscape)
    : Ctx(Ctx), Root(std::move(Root)), AllEscape(AllEscape),
      Mangler(ItaniumMangleContext::create(Ctx, Ctx.getDiagnostics())) {}

bool LayoutTable::isInSystemHeader(const Decl *D) const {
  SourceLocation L = Ctx.getSourceManager().getExpansionLoc(D->getLocation());
  return L.isInvalid() || Ctx.getSourceManager().isInSystemHeader(L);
}

void LayoutTable::add(QualType T, bool Escapes, llvm::StringRef Function) {
  if (T.isNull() || T->isDependentType())
    return;
  Escapes |= AllEscape;
  T = Ctx.getBaseElementType(T.getCanonicalType()).getUnqualifiedType();
  if (const auto *Atomic = T->getAs<AtomicType>())
    T = Atomic->getValueType();
  if (const auto *R = T->getAsRecordDecl())
    addRecord(R->getDefinition(), Escapes, Function);
  else if (const auto *E = T->getAs<EnumType>())
    addEnum(E->getDecl()->getDefinition());
}

void LayoutTable::addRecord(const RecordDecl *R, bool Escapes, llvm::StringRef Function) {
  if (!R || R->isInvalidDecl() || R->isDependentType())
    return;
  auto [It, New] = Records.try_emplace(R);
  bool NewFunction = !Function.empty() && It->second.Functions.insert(Function.str()).second;
  if (!New && !NewFunction && (It->second.Escapes || !Escapes))
    return;
  It->second.Escapes |= Escapes;
  if (const auto *Class = dyn_cast<CXXRecordDecl>(R))
    for (const CXXBaseSpecifier &B : Class->bases())
      add(B.getType(), Escapes, Function);
  for (const FieldDecl *F : R->fields())
    add(F->getType(), Escapes, Function);
}

void LayoutTable::addEnum(const EnumDecl *E) {
  if (E && !E->isInvalidDecl() && !E->isDependentType() && !isInSystemHeader(E))
    Enums.insert(E);
}

void LayoutTable::addVariable(std::string Name, QualType T) {
  if (T.isNull() || T->isDependentType() || T->isReferenceType())
    return;
  auto [Found, Fresh] = Variables.try_emplace(std::move(Name), T);
  // Two static locals of one name: nobody could say which is which, and of a third one neither.
  if (!Fresh && (Found->second.isNull() || !Ctx.hasSameType(Found->second, T)))
    Found->second = QualType();
}

void LayoutTable::addFunction(std::string Name, QualType T) {
  if (!T.isNull() && !T->isDependentType())
    Functions[std::move(Name)] = T;
}

// In C a typedef is an alias of a type; C++ mangles the type itself.
void LayoutTable::addTypedefs() {
  if (Ctx.getLangOpts().CPlusPlus)
    return;
  for (const Decl *D : Ctx.getTranslationUnitDecl()->decls())
    if (const auto *T = dyn_cast<TypedefNameDecl>(D))
      if (const auto *R = T->getUnderlyingType()->getAsRecordDecl(); R && R->getDefinition())
        Typedefs[R->getDefinition()].push_back("typedef:" + T->getName().str());
}

std::string LayoutTable::keyOf(const TagDecl *D) {
  std::string &Key = Keys[D];
  if (Key.empty()) {
    std::string Computed = computeKey(D); // may grow Keys
    Keys[D] = Computed;
    return Computed;
  }
  return Key;
}

// The variable or typedef that gives a nameless type outside of records its identity.
static const NamedDecl *declaratorOf(const TagDecl *D) {
  if (const TypedefNameDecl *Typedef = D->getTypedefNameForAnonDecl())
    return Typedef;
  const ASTContext &Ctx = D->getASTContext();
  for (const Decl *Other : D->getLexicalDeclContext()->decls())
    if (const auto *V = dyn_cast<DeclaratorDecl>(Other)) {
      QualType T = Ctx.getBaseElementType(V->getType());
      while (!T->getPointeeType().isNull())
        T = Ctx.getBaseElementType(T->getPointeeType());
      if (T->getAsTagDecl() == D && V->getIdentifier())
        return V;
    }
  return nullptr;
}

std::string LayoutTable::contextKey(const DeclContext *Context) {
  if (const auto *Parent = dyn_cast<TagDecl>(Context))
    return keyOf(Parent) + "::";
  if (const auto *F = dyn_cast<FunctionDecl>(Context))
    return "func:" + F->getQualifiedNameAsString() + "::";
  if (const auto *N = dyn_cast<NamespaceDecl>(Context))
    return N->getQualifiedNameAsString() + "::";
  return "";
}

std::string LayoutTable::computeKey(const TagDecl *D) {
  bool CPlusPlus = Ctx.getLangOpts().CPlusPlus;
  if (CPlusPlus && (D->getIdentifier() || D->getTypedefNameForAnonDecl() ||
                    (isa<CXXRecordDecl>(D) && cast<CXXRecordDecl>(D)->isLambda()))) {
    std::string Name;
    llvm::raw_string_ostream Stream(Name);
    Mangler->mangleCXXRTTIName(tagType(Ctx, D), Stream);
    return llvm::StringRef(Name).drop_front(4).str(); // _ZTS
  }
  const DeclContext *Parent = D->getLexicalDeclContext();
  if (D->getIdentifier()) { // C: a tag's scope is the block or the file, never a record
    while (isa<TagDecl>(Parent))
      Parent = Parent->getLexicalParent();
    return contextKey(Parent) + "tag:" + D->getName().str();
  }
  if (!isa<TagDecl>(Parent))
    if (const NamedDecl *Declarator = declaratorOf(D))
      return contextKey(Parent) + (isa<TypedefNameDecl>(Declarator) ? "typedef:" : "var:") + Declarator->getName().str();
  // An enumeration without any name is the enumerators that it declares.
  if (const auto *E = dyn_cast<EnumDecl>(D); E && !E->enumerators().empty())
    return contextKey(Parent) + "enum:" + E->enumerator_begin()->getName().str();
  unsigned Position = 0;
  for (const Decl *Other : Parent->decls()) {
    if (Other == D)
      break;
    const auto *Tag = dyn_cast<TagDecl>(Other);
    Position += Tag && !Tag->getIdentifier() && !Tag->isImplicit();
  }
  return contextKey(Parent) + "(anon " + std::to_string(Position) + ")";
}

static std::string scalarName(const ASTContext &Ctx, const BuiltinType *B) {
  QualType T(B, 0);
  if (B->isNullPtrType())
    return "ptr";
  if (B->getKind() == BuiltinType::Bool)
    return "bool";
  if (B->isFloatingPoint()) {
    if (B->getKind() == BuiltinType::BFloat16)
      return "bf16";
    return "f" + std::to_string(llvm::APFloat::semanticsSizeInBits(Ctx.getFloatTypeSemantics(T)));
  }
  if (B->isInteger())
    return (B->isSignedInteger() ? "i" : "u") + std::to_string(Ctx.getTypeSize(T));
  return "bytes:" + std::to_string(Ctx.getTypeSizeInChars(T).getQuantity());
}

std::string LayoutTable::typeName(QualType T) {
  T = T.getCanonicalType().getUnqualifiedType();
  if (const auto *A = dyn_cast<ArrayType>(T)) {
    const auto *Constant = dyn_cast<ConstantArrayType>(A);
    std::string Count = Constant ? std::to_string(Constant->getSize().getZExtValue()) : "0";
    return "array:" + Count + ":" + typeName(A->getElementType());
  }
  if (const auto *V = T->getAs<VectorType>())
    return "vec:" + std::to_string(V->getNumElements()) + ":" + typeName(V->getElementType());
  if (const auto *C = T->getAs<ComplexType>())
    return "complex:" + typeName(C->getElementType());
  if (const auto *A = T->getAs<AtomicType>())
    return typeName(A->getValueType());
  if (const auto *E = T->getAs<EnumType>()) {
    QualType Integer = E->getDecl()->getIntegerType();
    return Integer.isNull() ? "bytes:0" : typeName(Integer); // declared, not defined
  }
  if (T->isVoidType())
    return "void";
  if (const auto *F = T->getAs<FunctionType>())
    return "fn:" + signature(F);
  if (const auto *R = T->getAsRecordDecl())
    return "record:" + keyOf(R->getDefinition() ? R->getDefinition() : R);
  if (T->isReferenceType())
    return "ref";
  if (T->isMemberPointerType())
    return "memptr";
  if (T->isAnyPointerType() || T->isBlockPointerType())
    return "ptr";
  if (const auto *B = T->getAs<BitIntType>())
    return (B->isSigned() ? "i" : "u") + std::to_string(B->getNumBits());
  if (const auto *B = T->getAs<BuiltinType>())
    return scalarName(Ctx, B);
  return "bytes:" + std::to_string(Ctx.getTypeSizeInChars(T).getQuantity());
}

// RESULT(PARAMETER,...), a pointer with what it leads to.
std::string LayoutTable::signature(const FunctionType *F) {
  auto Name = [&](QualType T) {
    std::string To = pointeeName(T);
    return To.empty() ? typeName(T) : "ptr:" + To;
  };
  std::string Out = Name(F->getReturnType()) + "(";
  const auto *Prototype = dyn_cast<FunctionProtoType>(F);
  if (!Prototype)
    return Out + "?)";
  for (QualType P : Prototype->param_types())
    Out += (Out.back() == '(' ? "" : ",") + Name(P);
  if (Prototype->isVariadic())
    Out += Out.back() == '(' ? "..." : ",...";
  return Out + ")";
}

// What a pointer, or an array of pointers, leads to; empty for anything else.
std::string LayoutTable::pointeeName(QualType T) {
  T = Ctx.getBaseElementType(T.getCanonicalType());
  if (const auto *A = T->getAs<AtomicType>())
    T = A->getValueType();
  if (!T->isPointerType())
    return "";
  QualType To = T->getPointeeType();
  std::string Further = pointeeName(To);
  return Further.empty() ? typeName(To) : "ptr:" + Further;
}

std::string LayoutTable::displayName(const TagDecl *D) {
  std::string Name;
  llvm::raw_string_ostream Stream(Name);
  PrintingPolicy Policy = Ctx.getPrintingPolicy();
  if (const TypedefNameDecl *Typedef = D->getTypedefNameForAnonDecl())
    Stream << Typedef->getName();
  else if (!D->getIdentifier())
    Stream << D->getKindName() << ' ' << keyOf(D);
  else {
    if (!Ctx.getLangOpts().CPlusPlus)
      Stream << D->getKindName() << ' ';
    D->getNameForDiagnostic(Stream, Policy, /*Qualified=*/true);
  }
  return Name;
}

static json::Object field(std::string Name, uint64_t Offset, uint64_t Bits, std::string Type) {
  return json::Object{{"name", std::move(Name)},
                      {"offset", int64_t(Offset)},
                      {"bits", int64_t(Bits)},
                      {"type", std::move(Type)}};
}

json::Array LayoutTable::fields(const RecordDecl *R) {
  const ASTRecordLayout &Layout = Ctx.getASTRecordLayout(R);
  json::Array Fields;
  if (const auto *Class = dyn_cast<CXXRecordDecl>(R)) {
    if (Layout.hasOwnVFPtr())
      Fields.push_back(field("(vptr)", 0, Ctx.getTargetInfo().getPointerWidth(LangAS::Default), "ptr"));
    auto AddBase = [&](const CXXBaseSpecifier &B, CharUnits Offset) {
      const CXXRecordDecl *Base = B.getType()->getAsCXXRecordDecl()->getDefinition();
      Fields.push_back(field("(base " + displayName(Base) + ")", Ctx.toBits(Offset),
                             Ctx.toBits(Ctx.getASTRecordLayout(Base).getNonVirtualSize()), "record:" + keyOf(Base)));
    };
    for (const CXXBaseSpecifier &B : Class->bases())
      if (!B.isVirtual())
        AddBase(B, Layout.getBaseClassOffset(B.getType()->getAsCXXRecordDecl()));
    for (const CXXBaseSpecifier &B : Class->vbases())
      AddBase(B, Layout.getVBaseClassOffset(B.getType()->getAsCXXRecordDecl()));
  }
  // What a closure captures has no name as a field; as a variable it has, and `[a, b]` is not `[b, a]`.
  llvm::SmallVector<std::string, 8> Captured;
  if (const auto *Class = dyn_cast<CXXRecordDecl>(R); Class && Class->isLambda())
    for (const LambdaCapture &C : Class->captures())
      Captured.push_back(C.capturesVariable() ? C.getCapturedVar()->getName().str() : "this");
  for (const FieldDecl *F : R->fields()) {
    QualType T = F->getType();
    unsigned Index = F->getFieldIndex();
    std::string Name = Index < Captured.size() ? Captured[Index] : F->getName().str();
    uint64_t Bits = F->isBitField() ? bitWidth(Ctx, F) : T->isIncompleteArrayType() ? 0 : Ctx.getTypeSize(T);
    json::Object Described = field(std::move(Name), Layout.getFieldOffset(Index), Bits, typeName(T));
    if (std::string To = pointeeName(T); !To.empty())
      Described["to"] = std::move(To);
    Fields.push_back(std::move(Described));
  }
  return Fields;
}

json::Object LayoutTable::describe(const RecordDecl *R, const Use &U) {
  const ASTRecordLayout &Layout = Ctx.getASTRecordLayout(R);
  PresumedLoc Where = Ctx.getSourceManager().getPresumedLoc(Ctx.getSourceManager().getExpansionLoc(R->getLocation()));
  json::Object Described{
      {"key", keyOf(R)},
      {"name", displayName(R)},
      {"kind", R->getKindName()},
      {"size", Layout.getSize().getQuantity()},
      {"align", Layout.getAlignment().getQuantity()},
      {"file", json::fixUTF8(Where.isValid() ? relativeToRoot(Where.getFilename(), Root) : "")},
      {"line", int64_t(Where.isValid() ? Where.getLine() : 0)},
      {"fields", fields(R)},
      {"escapes", U.Escapes},
  };
  if (const auto *Class = dyn_cast<CXXRecordDecl>(R); Class && Class->isDynamicClass())
    Described["vtable"] = virtualTables(Class);
  if (auto Others = Typedefs.find(R); Others != Typedefs.end()) {
    json::Array Names;
    for (const std::string &Name : Others->second)
      Names.push_back(Name);
    Described["typedefs"] = std::move(Names);
  }
  if (!U.Escapes) {
    json::Array Functions;
    for (const std::string &F : U.Functions)
      Functions.push_back(F);
    Described["functions"] = std::move(Functions);
  }
  return Described;
}

json::Array LayoutTable::layouts() {
  json::Array All;
  addTypedefs();
  for (const auto &[R, U] : Records)
    if (!isInSystemHeader(R))
      All.push_back(describe(R, U));
  return All;
}

json::Array LayoutTable::variables() {
  json::Array All;
  for (const auto &[Name, T] : Variables) {
    if (T.isNull())
      continue;
    json::Object Described{{"name", Name}, {"type", typeName(T)}};
    if (std::string To = pointeeName(T); !To.empty())
      Described["to"] = std::move(To);
    All.push_back(std::move(Described));
  }
  return All;
}

json::Array LayoutTable::functions() {
  json::Array All;
  for (const auto &[Name, T] : Functions)
    if (const auto *F = T->getAs<FunctionType>())
      All.push_back(json::Object{{"name", Name}, {"type", signature(F)}});
  return All;
}

json::Array LayoutTable::enums() {
  json::Array All;
  for (const EnumDecl *E : Enums) {
    json::Array Values;
    for (const EnumConstantDecl *C : E->enumerators()) {
      const llvm::APSInt &Value = C->getInitVal();
      Values.push_back(json::Array{C->getName(), Value.isSigned() ? json::Value(Value.getExtValue())
                                                                  : json::Value(Value.getZExtValue())});
    }
    All.push_back(json::Object{{"key", keyOf(E)},
                               {"name", displayName(E)},
                               {"size", Ctx.getTypeSizeInChars(E->getIntegerType()).getQuantity()},
                               {"values", std::move(Values)}});
  }
  return All;
}

} // namespace wfp
