// The front end's half of LocalNames.h: an annotate attribute, which CodeGen turns into a call that names the
// variable's storage.  The passes take it out before the first optimisation.  The type is part of the name: a pointer to
// something else is another variable, although IR would not tell.
#include "plugin/LocalNames.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/RecursiveASTVisitor.h"

using namespace clang;

namespace wfp {
namespace {

class Annotator : public RecursiveASTVisitor<Annotator> {
public:
  explicit Annotator(ASTContext &Ctx) : Ctx(Ctx) {}

  bool shouldVisitTemplateInstantiations() const { return true; }

  bool VisitFunctionDecl(FunctionDecl *F) {
    if (F->doesThisDeclarationHaveABody())
      for (ParmVarDecl *P : F->parameters())
        annotate(P);
    return true;
  }

  bool VisitVarDecl(VarDecl *V) {
    if (V->isLocalVarDecl() && V->hasLocalStorage())
      annotate(V);
    return true;
  }

private:
  void annotate(VarDecl *V) {
    if (!V->getIdentifier() || V->getType()->isDependentType())
      return;
    PrintingPolicy Policy = Ctx.getPrintingPolicy();
    Policy.AnonymousTagLocations = false; // lines move
    std::string Name = (kNamePrefix + V->getName() + " ").str() + V->getType().getCanonicalType().getAsString(Policy);
    V->addAttr(AnnotateAttr::CreateImplicit(Ctx, Name, nullptr, 0));
  }

  ASTContext &Ctx;
};

} // namespace

void annotateLocals(ASTContext &Ctx, Decl *D) { Annotator(Ctx).TraverseDecl(D); }

} // namespace wfp
