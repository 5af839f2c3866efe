#include "diff-tool/line_noise.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <map>

namespace wfdiff {

std::set<std::pair<int64_t, int64_t>> linePairs(const UnitInfo &Old, const UnitInfo &New) {
  std::map<std::string, std::map<int64_t, int64_t>> OldLines, NewLines;
  for (const LineUse &L : Old.Lines)
    OldLines[L.Function][L.Ordinal] = L.Line;
  for (const LineUse &L : New.Lines)
    NewLines[L.Function][L.Ordinal] = L.Line;
  std::set<std::pair<int64_t, int64_t>> Pairs;
  for (const auto &[Function, Lines] : OldLines) {
    auto Other = NewLines.find(Function);
    if (Other == NewLines.end() || Other->second.size() != Lines.size())
      continue;
    for (const auto &[Ordinal, Line] : Lines)
      if (auto Same = Other->second.find(Ordinal); Same != Other->second.end() && Same->second != Line)
        Pairs.insert({Line, Same->second});
  }
  return Pairs;
}

uint64_t lineOperand(llvm::ArrayRef<uint8_t> Instruction) {
  if (Instruction.size() < 5)
    return 0;
  // An immediate is the last four bytes of its instruction.
  size_t Operand = Instruction.size() - 4, Opcode = 0;
  while (Opcode < Operand && (Instruction[Opcode] == 0x66 || (Instruction[Opcode] & 0xf0) == 0x40))
    ++Opcode;
  uint8_t Byte = Instruction[Opcode];
  return Opcode < Operand && ((Byte >= 0xb8 && Byte <= 0xbf) || Byte == 0x68 || Byte == 0xc7) ? Operand : 0;
}

static bool isFileOf(const UnitInfo &Unit, llvm::StringRef Name) {
  auto IsIt = [&](llvm::StringRef Path) { return llvm::sys::path::filename(Path) == Name; };
  return IsIt(Unit.Source) || llvm::any_of(Unit.Layouts, [&](const Layout &L) { return IsIt(L.File); });
}

bool differInLineOnly(llvm::StringRef Old, llvm::StringRef New, const UnitInfo &Unit) {
  size_t Number = 0; // where it begins
  while (Number < std::min(Old.size(), New.size()) && Old[Number] == New[Number])
    ++Number;
  Number = Old.take_front(Number).rtrim("0123456789").size();
  llvm::StringRef X = Old.drop_front(Number), Y = New.drop_front(Number);
  llvm::StringRef BehindX = X.drop_while(llvm::isDigit), BehindY = Y.drop_while(llvm::isDigit);
  if (X.size() == BehindX.size() || Y.size() == BehindY.size() || BehindX != BehindY)
    return false;
  llvm::StringRef Path = Old.take_front(Number);
  return Path.consume_back(":") && !Path.empty() && isFileOf(Unit, llvm::sys::path::filename(Path));
}

} // namespace wfdiff
