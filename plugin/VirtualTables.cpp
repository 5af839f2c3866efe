// A virtual call knows no name: it takes the n-th entry of the table that the object points to.  A virtual function added,
// removed or moved changes what n means, and where the table itself is emitted by another unit, nothing in this one's
// object tells.  So the layout of a class has its tables, entry by entry, as the Itanium C++ ABI orders them:
//
//     vcall N, vbase N    offsets that calls and conversions through virtual bases look up, before the address point
//     top N               offset to the complete object; the run-time type information, then the address point, follow
//     _ZN1D1fEv           the final overrider; a destructor's two entries by their own names
//     _ZN1D1fEv this-16   the same through a thunk that adjusts `this`, or what is returned
//
// A class with several tables has them one behind another, the primary one first.
#include "plugin/Layouts.h"

#include "clang/AST/DeclCXX.h"
#include "clang/AST/GlobalDecl.h"
#include "clang/AST/VTableBuilder.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace clang;
namespace json = llvm::json;

namespace wfp {

static void printAdjustment(llvm::raw_ostream &Out, llvm::StringRef Of, int64_t Fixed, int64_t Through) {
  if (!Fixed && !Through)
    return;
  Out << ' ' << Of << (Fixed < 0 ? "" : "+") << Fixed;
  if (Through)
    Out << '[' << Through << ']'; // and what lies there in the table
}

json::Array LayoutTable::virtualTables(const CXXRecordDecl *Class) {
  json::Array Entries;
  auto *Tables = dyn_cast<ItaniumVTableContext>(Ctx.getVTableContext());
  if (!Tables)
    return Entries;
  const VTableLayout &Layout = Tables->getVTableLayout(Class);
  llvm::DenseMap<uint64_t, ThunkInfo> Thunks;
  for (const auto &[Index, Thunk] : Layout.vtable_thunks())
    Thunks[Index] = Thunk;
  uint64_t Index = 0;
  for (const VTableComponent &C : Layout.vtable_components()) {
    std::string Entry;
    llvm::raw_string_ostream Out(Entry);
    switch (C.getKind()) {
    case VTableComponent::CK_VCallOffset:
      Out << "vcall " << C.getVCallOffset().getQuantity();
      break;
    case VTableComponent::CK_VBaseOffset:
      Out << "vbase " << C.getVBaseOffset().getQuantity();
      break;
    case VTableComponent::CK_OffsetToTop:
      Out << "top " << C.getOffsetToTop().getQuantity();
      break;
    case VTableComponent::CK_RTTI:
      break;
    case VTableComponent::CK_FunctionPointer:
      Mangler->mangleName(GlobalDecl(C.getFunctionDecl()), Out);
      break;
    case VTableComponent::CK_CompleteDtorPointer:
      Mangler->mangleName(GlobalDecl(C.getDestructorDecl(), Dtor_Complete), Out);
      break;
    case VTableComponent::CK_DeletingDtorPointer:
      Mangler->mangleName(GlobalDecl(C.getDestructorDecl(), Dtor_Deleting), Out);
      break;
    case VTableComponent::CK_UnusedFunctionPointer:
      Mangler->mangleName(GlobalDecl(C.getUnusedFunctionDecl()), Out);
      break;
    }
    if (auto Thunk = Thunks.find(Index); Thunk != Thunks.end()) {
      const ThunkInfo &T = Thunk->second;
      printAdjustment(Out, "this", T.This.NonVirtual, T.This.Virtual.Itanium.VCallOffsetOffset);
      printAdjustment(Out, "result", T.Return.NonVirtual, T.Return.Virtual.Itanium.VBaseOffsetOffset);
    }
    if (!Entry.empty())
      Entries.push_back(std::move(Entry));
    ++Index;
  }
  return Entries;
}

} // namespace wfp
