// Which types does a unit use?  Not all that its headers declare (thousands for a C++ unit), but those whose size or
// offsets are in the code that it emits: an object is declared, a member accessed, a pointer stepped, an object created.
// So only bodies of functions that CodeGen has emitted are looked at, and only expressions that need the layout; a
// pointer that is merely passed on does not.
//
// A type escapes unless the unit has it only as automatic variables that are read and written member by member, or copied
// to each other.  Every other use (an address taken, a pointer or reference followed, an object passed or returned) lets
// objects be somewhere else than in the frame of a function that an update replaces.  Where event loops are outlined, a
// variable's frame may be that of a function that stays while the code which uses it is replaced: there all types escape.
#include "plugin/TypeUses.h"

#include "plugin/LLVMCompat.h"

#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace clang;

namespace wfp {
namespace {

class BodyVisitor : public RecursiveASTVisitor<BodyVisitor> {
public:
  using Base = RecursiveASTVisitor<BodyVisitor>;

  BodyVisitor(ASTContext &Ctx, LayoutTable &Layouts, std::vector<LineUse> &Lines, ASTNameGenerator &Names)
      : Ctx(Ctx), Layouts(Layouts), Lines(Lines), Names(Names) {}

  bool shouldVisitTemplateInstantiations() const { return true; }
  bool shouldVisitImplicitCode() const { return true; }

  void visitFunction(FunctionDecl *F, std::string Name) {
    Function = std::move(Name);
    TraverseDecl(F);
  }

  // Compound literals and sizes in it.
  void visitInitializer(VarDecl *V, std::string Name) {
    Function = std::move(Name);
    TraverseStmt(V->getInit());
  }

  // A lambda's body is another function's code.
  bool TraverseLambdaExpr(LambdaExpr *E) {
    std::string Outer = std::exchange(Function, Names.getName(E->getCallOperator()));
    bool Continue = Base::TraverseLambdaExpr(E);
    Function = std::move(Outer);
    return Continue;
  }
  bool TraverseCXXMethodDecl(CXXMethodDecl *M) {
    std::string Outer = std::exchange(Function, Names.getName(M));
    bool Continue = Base::TraverseCXXMethodDecl(M);
    Function = std::move(Outer);
    return Continue;
  }

  bool VisitVarDecl(VarDecl *V) {
    QualType T = V->getType();
    bool Automatic = V->hasLocalStorage() && !isa<ParmVarDecl>(V) && T->isRecordType() && !T.isVolatileQualified();
    if (!T->isReferenceType())
      Layouts.add(T, !Automatic, Automatic ? Function : "");
    if (V->isStaticLocal())
      Layouts.addVariable(Ctx.getLangOpts().CPlusPlus ? Names.getName(V) : Function + "." + V->getName().str(), T);
    return true;
  }
  // An object that leaves by value is somewhere else from then on.
  bool VisitReturnStmt(ReturnStmt *S) { return !S->getRetValue() || addEscaping(S->getRetValue()->getType()); }

  // Loads from and stores to a variable or its members do not let it escape.
  bool VisitImplicitCastExpr(ImplicitCastExpr *E) {
    if (E->getCastKind() == CK_LValueToRValue)
      markContained(E->getSubExpr());
    return visitCast(E);
  }
  bool VisitExplicitCastExpr(ExplicitCastExpr *E) { return visitCast(E); }
  bool VisitBinaryOperator(BinaryOperator *E) {
    if (E->isAssignmentOp())
      markContained(E->getLHS());
    if (E->isAdditiveOp() || E->isCompoundAssignmentOp()) { // pointer arithmetic multiplies by the size
      addPointee(E->getLHS()->getType());
      addPointee(E->getRHS()->getType());
    }
    return true;
  }
  bool VisitUnaryOperator(UnaryOperator *E) {
    if (E->isIncrementDecrementOp()) {
      markContained(E->getSubExpr());
      addPointee(E->getSubExpr()->getType());
    }
    if (E->getOpcode() == UO_Deref) // loaded or stored as a whole, wherever it is
      addEscaping(E->getType());
    return true;
  }

  bool VisitDeclRefExpr(DeclRefExpr *E) {
    if (const auto *C = dyn_cast<EnumConstantDecl>(E->getDecl()))
      Layouts.addEnum(cast<EnumDecl>(C->getDeclContext()));
    else if (const auto *F = dyn_cast<FieldDecl>(E->getDecl())) // &T::x: its offset is in the code
      addEscaping(tagType(Ctx, F->getParent()));
    else if (const auto *M = dyn_cast<CXXMethodDecl>(E->getDecl()); M && M->isVirtual()) // &T::f: an index into the table
      addEscaping(tagType(Ctx, M->getParent()));
    else if (const auto *V = dyn_cast<VarDecl>(E->getDecl()); V && !Contained.contains(E))
      Layouts.add(V->getType().getNonReferenceType(), /*Escapes=*/true);
    return true;
  }
  bool VisitMemberExpr(MemberExpr *E) {
    QualType Object = E->getBase()->getType();
    Layouts.add(E->isArrow() ? Object->getPointeeType() : Object, E->isArrow());
    if (QualType Member = E->getMemberDecl()->getType(); Member->isReferenceType()) // leads to an object elsewhere
      addEscaping(Member);
    return true;
  }
  bool VisitCallExpr(CallExpr *E) {
    Layouts.add(E->getType(), /*Escapes=*/true);
    for (const Expr *A : E->arguments())
      Layouts.add(A->getType(), /*Escapes=*/true);
    return true;
  }
  bool VisitArraySubscriptExpr(ArraySubscriptExpr *E) { return addEscaping(E->getType()); }
  bool VisitCXXConstructExpr(CXXConstructExpr *E) { // a trivial one is no call that `this` could escape through
    return E->getConstructor()->isTrivial() || addEscaping(E->getType());
  }
  bool VisitCXXNewExpr(CXXNewExpr *E) { return addEscaping(E->getAllocatedType()); }
  bool VisitCXXDeleteExpr(CXXDeleteExpr *E) { return addEscaping(E->getDestroyedType()); }
  bool VisitCXXThrowExpr(CXXThrowExpr *E) { return !E->getSubExpr() || addEscaping(E->getSubExpr()->getType()); }
  bool VisitLambdaExpr(LambdaExpr *E) { return addEscaping(E->getType()); }
  bool VisitCompoundLiteralExpr(CompoundLiteralExpr *E) { return addEscaping(E->getType()); }
  bool VisitVAArgExpr(VAArgExpr *E) { return addEscaping(E->getType()); }
  bool VisitOffsetOfExpr(OffsetOfExpr *E) { return addEscaping(E->getTypeSourceInfo()->getType()); }
  bool VisitUnaryExprOrTypeTraitExpr(UnaryExprOrTypeTraitExpr *E) { return addEscaping(E->getTypeOfArgument()); }

  bool VisitIntegerLiteral(IntegerLiteral *E) {
    if (isExpansionOfLine(E->getLocation()))
      addLine(E->getValue().getZExtValue());
    return true;
  }
  bool VisitSourceLocExpr(SourceLocExpr *E) { // __builtin_LINE()
    Expr::EvalResult Result;
    if (E->isIntType() && E->getIdentKind() == SourceLocIdentKind::Line && E->EvaluateAsInt(Result, Ctx))
      addLine(Result.Val.getInt().getZExtValue());
    return true;
  }

private:
  bool addEscaping(QualType T) {
    Layouts.add(T.getNonReferenceType(), /*Escapes=*/true);
    return true;
  }
  void addPointee(QualType T) {
    if (T->isPointerType())
      Layouts.add(T->getPointeeType(), /*Escapes=*/true);
  }
  void addCast(const Expr *E) { // of a pointer, or of a reference
    if (E->isGLValue())
      addEscaping(E->getType());
    else
      addPointee(E->getType());
  }
  bool visitCast(const CastExpr *E) {
    if (E->getCastKind() == CK_DerivedToBase || E->getCastKind() == CK_BaseToDerived ||
        E->getCastKind() == CK_UncheckedDerivedToBase || E->getCastKind() == CK_Dynamic ||
        E->getCastKind() == CK_LValueBitCast) {
      addCast(E);
      addCast(E->getSubExpr());
    }
    return true;
  }

  // E is only loaded or stored: the variable that it is, or is a member of, stays where it is.
  void markContained(const Expr *E) {
    E = E->IgnoreParens();
    while (const auto *M = dyn_cast<MemberExpr>(E)) {
      if (M->isArrow())
        return;
      E = M->getBase()->IgnoreParens();
    }
    if (const auto *Ref = dyn_cast<DeclRefExpr>(E))
      if (const auto *V = dyn_cast<VarDecl>(Ref->getDecl());
          V && V->hasLocalStorage() && !V->getType()->isReferenceType() && !Ref->refersToEnclosingVariableOrCapture())
        Contained.insert(Ref);
  }

  // The preprocessor writes what __LINE__ expands to into its scratch space and notes where the name stood.
  bool isExpansionOfLine(SourceLocation L) const {
    const SourceManager &SM = Ctx.getSourceManager();
    while (L.isMacroID()) {
      SourceLocation Spelling = SM.getImmediateSpellingLoc(L);
      if (Spelling.isFileID() && SM.isWrittenInScratchSpace(Spelling)) {
        SourceLocation Name = SM.getSpellingLoc(SM.getImmediateExpansionRange(L).getBegin());
        return llvm::StringRef(SM.getCharacterData(Name)).starts_with("__LINE__");
      }
      L = Spelling;
    }
    return false;
  }
  void addLine(unsigned Line) { Lines.push_back({Function, Ordinals[Function]++, Line}); }

  ASTContext &Ctx;
  LayoutTable &Layouts;
  std::vector<LineUse> &Lines;
  ASTNameGenerator &Names;
  std::string Function;
  llvm::StringMap<unsigned> Ordinals;
  llvm::SmallPtrSet<const DeclRefExpr *, 16> Contained;
};

// Finds the declarations of what was emitted.
class DeclWalker {
public:
  DeclWalker(ASTContext &Ctx, const llvm::StringSet<> &Emitted, LayoutTable &Layouts, std::vector<LineUse> &Lines)
      : Emitted(Emitted), Names(Ctx), Layouts(Layouts), Bodies(Ctx, Layouts, Lines, Names) {}

  void walk(DeclContext *Context) {
    for (Decl *D : Context->decls())
      walkDecl(D);
  }

private:
  void walkDecl(Decl *D) {
    if (auto *F = dyn_cast<FunctionDecl>(D))
      walkFunction(F);
    else if (auto *V = dyn_cast<VarDecl>(D))
      walkVariable(V);
    else if (auto *T = dyn_cast<FunctionTemplateDecl>(D))
      for (FunctionDecl *F : T->specializations())
        walkFunction(F);
    else if (auto *T = dyn_cast<ClassTemplateDecl>(D))
      for (ClassTemplateSpecializationDecl *C : T->specializations())
        walk(C);
    else if (auto *T = dyn_cast<VarTemplateDecl>(D))
      for (VarTemplateSpecializationDecl *V : T->specializations())
        walkVariable(V);
    else if (auto *R = dyn_cast<CXXRecordDecl>(D); R && R->isDependentContext())
      return;
    else if (isa<NamespaceDecl, LinkageSpecDecl, ExportDecl, CXXRecordDecl>(D))
      walk(cast<DeclContext>(D));
  }

  void walkFunction(FunctionDecl *F) {
    if (!F->doesThisDeclarationHaveABody() || F->isDependentContext() || !Seen.insert(F).second)
      return;
    std::string Name = Names.getName(F);
    bool IsEmitted = Emitted.contains(Name);
    if (!IsEmitted && isa<CXXConstructorDecl, CXXDestructorDecl>(F))
      for (const std::string &Variant : Names.getAllManglings(F))
        IsEmitted |= Emitted.contains(Variant);
    if (!IsEmitted)
      return;
    if (F->getLanguageLinkage() == CLanguageLinkage || !F->getASTContext().getLangOpts().CPlusPlus)
      Layouts.addFunction(Name, F->getType());
    Bodies.visitFunction(F, std::move(Name));
  }

  void walkVariable(VarDecl *V) {
    if (V->getType()->isDependentType() || V->getDeclContext()->isDependentContext() ||
        !Emitted.contains(Names.getName(V)))
      return;
    Layouts.add(V->getType().getNonReferenceType(), /*Escapes=*/true);
    if (const VarDecl *Definition = V->getDefinition() ? V->getDefinition() : V->getActingDefinition())
      Layouts.addVariable(Names.getName(V), Definition->getType()); // another declaration may leave out an array's length
    if (V->hasInit())
      Bodies.visitInitializer(V, Names.getName(V));
  }

  const llvm::StringSet<> &Emitted;
  ASTNameGenerator Names;
  LayoutTable &Layouts;
  BodyVisitor Bodies;
  llvm::SmallPtrSet<const Decl *, 16> Seen;
};

} // namespace

void collectUses(ASTContext &Ctx, const llvm::StringSet<> &Emitted, LayoutTable &Layouts, std::vector<LineUse> &Lines) {
  DeclWalker(Ctx, Emitted, Layouts, Lines).walk(Ctx.getTranslationUnitDecl());
}

} // namespace wfp
