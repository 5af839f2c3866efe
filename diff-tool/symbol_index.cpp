#include "diff-tool/symbol_index.h"

#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

using namespace llvm;
using namespace llvm::object;

namespace wfdiff {

static Error forEachGlobal(const InputFile &File, function_ref<void(StringRef Name, bool Defined)> Visit) {
  Expected<std::shared_ptr<MemoryBuffer>> Buffer = File.open();
  if (!Buffer)
    return Buffer.takeError();
  Expected<ELFFile<ELF64LE>> Elf = ELFFile<ELF64LE>::create((*Buffer)->getBuffer());
  if (!Elf)
    return Elf.takeError();
  auto Headers = Elf->sections();
  if (!Headers)
    return Headers.takeError();
  for (const auto &H : *Headers) {
    if (H.sh_type != ELF::SHT_SYMTAB)
      continue;
    auto Symbols = Elf->symbols(&H);
    if (!Symbols)
      return Symbols.takeError();
    Expected<StringRef> Strings = Elf->getStringTableForSymtab(H);
    if (!Strings)
      return Strings.takeError();
    for (const auto &Sym : *Symbols) {
      if (Sym.getBinding() == ELF::STB_LOCAL)
        continue;
      Expected<StringRef> Name = Sym.getName(*Strings);
      if (!Name)
        return Name.takeError();
      Visit(*Name, Sym.st_shndx != ELF::SHN_UNDEF);
    }
  }
  return Error::success();
}

void SymbolIndex::add(uint32_t Unit, const InputFile &File) {
  Error E = forEachGlobal(File, [&](StringRef Name, bool Defined) { ByName[Name].push_back({Unit, Defined}); });
  if (E) {
    consumeError(std::move(E));
    Unreadable.push_back(Unit);
  }
}

std::vector<uint32_t> SymbolIndex::unitsOf(StringRef Name, bool OnlyDefiners) const {
  std::vector<uint32_t> Result = Unreadable;
  if (auto Found = ByName.find(Name); Found != ByName.end())
    for (const Entry &E : Found->second)
      if (E.Defines || !OnlyDefiners)
        Result.push_back(E.Unit);
  llvm::sort(Result);
  Result.erase(llvm::unique(Result), Result.end());
  return Result;
}

} // namespace wfdiff
