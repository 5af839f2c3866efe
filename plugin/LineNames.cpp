// `static int CONCAT(calls_, __LINE__);` is called calls_52 today and calls_53 when a line has been inserted above, where calls_53 may have
// been a neighbour's name before.  A differ that trusts such names gives one variable the state of another.  So it is told which
// they are.
//
// The preprocessor notes for each expansion of __LINE__ and __COUNTER__ where it stands in the file, and the value.  A declaration's name
// has it if the lexer pasted the name together, in the expansion of a macro that spans that place, and the value is one of its runs of
// digits.  What no preprocessor directive of this compilation made (input that was preprocessed before) is not seen.
#include "plugin/LineNames.h"

#include "clang/AST/ASTContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/MacroInfo.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace clang;
using llvm::StringRef;

namespace wfp {

struct LineNames::Expansions {
  std::multimap<SourceLocation, unsigned> At; // by place in a file
};

namespace {

class Notes : public PPCallbacks {
public:
  Notes(Preprocessor &PP, std::multimap<SourceLocation, unsigned> &At) : PP(PP), At(At) {}

  void MacroExpands(const Token &Name, const MacroDefinition &Macro, SourceRange, const MacroArgs *) override {
    if (!Macro.getMacroInfo() || !Macro.getMacroInfo()->isBuiltinMacro())
      return;
    const SourceManager &SM = PP.getSourceManager();
    SourceLocation Place = SM.getExpansionLoc(Name.getLocation());
    if (Name.getIdentifierInfo()->isStr("__COUNTER__"))
      At.insert({Place, PP.getCounterValue()}); // what it will be now
    else if (Name.getIdentifierInfo()->isStr("__LINE__")) // the line where the outermost macro ends
      At.insert({Place, SM.getPresumedLoc(SM.getExpansionRange(Name.getLocation()).getEnd()).getLine()});
  }

private:
  Preprocessor &PP;
  std::multimap<SourceLocation, unsigned> &At;
};

using Numbers = std::map<std::string, std::pair<size_t, size_t>>; // place and length in the name

class Finder : public RecursiveASTVisitor<Finder> {
public:
  Finder(const SourceManager &SM, const std::multimap<SourceLocation, unsigned> &At, Numbers &Found)
      : SM(SM), At(At), Found(Found) {}

  bool VisitNamedDecl(NamedDecl *D) {
    SourceLocation L = D->getLocation();
    if (!L.isMacroID() || !D->getIdentifier() || !SM.isWrittenInScratchSpace(SM.getSpellingLoc(L)))
      return true;
    StringRef Name = D->getName();
    CharSourceRange Macro = SM.getExpansionRange(L);
    auto End = At.upper_bound(Macro.getEnd());
    for (auto I = At.lower_bound(Macro.getBegin()); I != End; ++I)
      for (size_t Begin = 0; (Begin = Name.find_if(llvm::isDigit, Begin)) != StringRef::npos;) {
        size_t Length = Name.drop_front(Begin).find_if_not(llvm::isDigit);
        Length = std::min(Length, Name.size() - Begin);
        if (Name.substr(Begin, Length) == std::to_string(I->second))
          Found.try_emplace(Name.str(), Begin, Length);
        Begin += Length;
      }
    return true;
  }

private:
  const SourceManager &SM;
  const std::multimap<SourceLocation, unsigned> &At;
  Numbers &Found;
};

} // namespace

LineNames::LineNames(Preprocessor &PP) : Noted(std::make_shared<Expansions>()) {
  PP.addPPCallbacks(std::make_unique<Notes>(PP, Noted->At));
}
LineNames::~LineNames() = default;

llvm::json::Array LineNames::describe(ASTContext &Ctx) const {
  Numbers Found;
  const SourceManager &SM = Ctx.getSourceManager();
  Finder Find(SM, Noted->At, Found);
  if (!Noted->At.empty())
    for (Decl *D : Ctx.getTranslationUnitDecl()->decls())
      if (!SM.isInSystemHeader(D->getLocation()))
        Find.TraverseDecl(D);
  llvm::json::Array All;
  for (const auto &[Name, Number] : Found)
    All.push_back(llvm::json::Object{{"name", Name}, {"at", int64_t(Number.first)}, {"digits", int64_t(Number.second)}});
  return All;
}

} // namespace wfp
