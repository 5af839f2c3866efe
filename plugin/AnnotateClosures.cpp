// The front end's half of ClosureNames.h.
#include "plugin/ClosureNames.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace clang;

namespace wfp {
namespace {

class Finder : public RecursiveASTVisitor<Finder> {
public:
  bool shouldVisitTemplateInstantiations() const { return true; }
  bool shouldVisitImplicitCode() const { return true; }

  bool VisitLambdaExpr(LambdaExpr *E) {
    if (!E->getLambdaClass()->isDependentContext() && Seen.insert(E->getLambdaClass()).second)
      Found.push_back(E);
    return true;
  }

  std::vector<const LambdaExpr *> Found;

private:
  llvm::SmallPtrSet<const CXXRecordDecl *, 32> Seen;
};

} // namespace

std::vector<const LambdaExpr *> annotateClosures(ASTContext &Ctx) {
  Finder F;
  F.TraverseAST(Ctx);
  const SourceManager &SM = Ctx.getSourceManager();
  llvm::stable_sort(F.Found, [&](const LambdaExpr *A, const LambdaExpr *B) {
    return SM.isBeforeInTranslationUnit(A->getBeginLoc(), B->getBeginLoc());
  });
  for (size_t I = 0; I < F.Found.size(); ++I) {
    auto Mark = [&](FunctionDecl *Function) {
      if (!Function->isDependentContext())
        Function->addAttr(AnnotateAttr::CreateImplicit(Ctx, (kClosurePrefix + llvm::Twine(I)).str(), nullptr, 0));
    };
    CXXMethodDecl *Operator = F.Found[I]->getCallOperator();
    if (FunctionTemplateDecl *Template = Operator->getDescribedFunctionTemplate())
      llvm::for_each(Template->specializations(), Mark);
    else
      Mark(Operator);
  }
  return std::move(F.Found);
}

} // namespace wfp
