// Only the line tables are read.  Their addresses are relocated, so that each sequence knows its section: in an object
// every function begins at address 0 of its own.
#include "diff-tool/source_lines.h"

#include "llvm/Object/ObjectFile.h"

using namespace llvm;

namespace wfdiff {

SourceLines::SourceLines(const Object &O) {
  Expected<std::unique_ptr<object::ObjectFile>> Opened =
      object::ObjectFile::createObjectFile(O.Buffer->getMemBufferRef());
  if (!Opened) {
    consumeError(Opened.takeError());
    return;
  }
  File = std::move(*Opened);
  // What is wrong with debug information is no concern of a diff: then there are no lines.
  Context = DWARFContext::create(*File, DWARFContext::ProcessDebugRelocations::Process, nullptr, "", consumeError,
                                 consumeError);
}

SourceLines::~SourceLines() = default;

std::string SourceLines::at(const Piece &P, uint64_t Offset) const {
  if (!Context)
    return "";
  for (const std::unique_ptr<DWARFUnit> &Unit : Context->compile_units()) {
    Expected<const DWARFDebugLine::LineTable *> Table = Context->getLineTableForUnit(Unit.get(), consumeError);
    if (!Table) {
      consumeError(Table.takeError());
      continue;
    }
    if (!*Table)
      continue;
    const uint32_t Found = (*Table)->lookupAddress({P.Offset + Offset, P.Section});
    if (Found >= (*Table)->Rows.size()) // none is the largest number
      continue;
    // Line 0 is code of no line in particular: what stands before it says more.
    uint32_t Row = Found;
    auto IsBefore = [&](const DWARFDebugLine::Row &R) {
      return !R.EndSequence && R.Address.SectionIndex == P.Section && R.Address.Address >= P.Offset;
    };
    while (Row > 0 && (*Table)->Rows[Row].Line == 0 && IsBefore((*Table)->Rows[Row - 1]))
      --Row;
    const DWARFDebugLine::Row &R = (*Table)->Rows[Row];
    std::string Name;
    using Kind = DILineInfoSpecifier::FileLineInfoKind;
    if (R.Line == 0 || !(*Table)->getFileNameByIndex(R.File, "", Kind::RelativeFilePath, Name))
      continue;
    return Name + ":" + std::to_string(R.Line);
  }
  return "";
}

} // namespace wfdiff
