// Objects are paired directly, archives by member, build directories by relative path.  In a directory an archive counts
// only for members that are not also there as a file (a build usually leaves both), and linked programs do not count at all.
#include "diff-tool/inputs.h"

#include "diff-tool/object_reader.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/Archive.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <map>
#include <set>

using namespace llvm;

namespace wfdiff {

namespace {

using Files = std::map<std::string, InputFile>; // by relative path

Error fail(const Twine &Why) { return createStringError(inconvertibleErrorCode(), Why); }

Expected<std::unique_ptr<MemoryBuffer>> openFile(const std::string &Path) {
  auto Buffer = MemoryBuffer::getFile(Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Buffer)
    return fail(Path + ": " + Buffer.getError().message());
  return std::move(*Buffer);
}

// Enough to tell what a file is.
Expected<std::string> readHead(const std::string &Path) {
  Expected<sys::fs::file_t> File = sys::fs::openNativeFileForRead(Path);
  if (!File)
    return fail(Path + ": " + toString(File.takeError()));
  std::string Head(sizeof(ELF::Elf64_Ehdr), '\0');
  Expected<size_t> Size = sys::fs::readNativeFile(*File, MutableArrayRef(Head.data(), Head.size()));
  sys::fs::closeFile(*File);
  if (!Size)
    return fail(Path + ": " + toString(Size.takeError()));
  Head.resize(*Size);
  return Head;
}

Error addMembers(const std::string &File, const std::string &Prefix, Files &Into, Files &Bitcode, std::vector<std::string> &Notes) {
  Expected<std::unique_ptr<MemoryBuffer>> Buffer = openFile(File);
  if (!Buffer)
    return Buffer.takeError();
  Expected<std::unique_ptr<object::Archive>> Archive = object::Archive::create((*Buffer)->getMemBufferRef());
  if (!Archive)
    return fail(File + ": " + toString(Archive.takeError()));
  std::map<std::string, unsigned> Seen;
  Error Broken = Error::success();
  for (const object::Archive::Child &Child : (*Archive)->children(Broken)) {
    Expected<StringRef> Name = Child.getName();
    if (!Name)
      return fail(File + ": " + toString(Name.takeError()));
    Expected<StringRef> Bytes = Child.getBuffer();
    if (!Bytes)
      return fail(File + ": " + toString(Bytes.takeError()));
    std::string Label = File + "(" + Name->str() + ")";
    const bool IsBitcode = identify_magic(*Bytes) == file_magic::bitcode;
    if (!IsBitcode && !isRelocatableObject(*Bytes)) {
      Notes.push_back(Label + ": no x86-64 object, ignored");
      continue;
    }
    std::string Member = Name->str();
    if (unsigned Number = Seen[Member]++) // archives may hold one name several times: count
      Member += "#" + std::to_string(Number);
    InputFile Found{Label, File, uint64_t(Bytes->data() - (*Buffer)->getBufferStart()), Bytes->size()};
    if ((*Archive)->isThin()) { // only names its members
      Expected<std::string> Path = Child.getFullName();
      if (!Path)
        return fail(File + ": " + toString(Path.takeError()));
      Found.Path = *Path;
      Found.Offset = 0;
    }
    (IsBitcode ? Bitcode : Into)[Prefix + Member] = std::move(Found);
  }
  if (Broken)
    return fail(File + ": " + toString(std::move(Broken)));
  return Error::success();
}

// Moves to `Into` the members whose content is not there already.  By size, then by hash.
Error dropMembersThatAreFiles(const Files &Members, Files &Into) {
  std::set<uint64_t> Sizes;
  for (const auto &[Path, Member] : Members)
    Sizes.insert(Member.Size);
  std::multimap<uint64_t, InputFile> Contents;
  auto Hash = [](const InputFile &File) -> Expected<uint64_t> {
    Expected<std::shared_ptr<MemoryBuffer>> Buffer = File.open();
    if (!Buffer)
      return Buffer.takeError();
    return xxh3_64bits((*Buffer)->getBuffer());
  };
  for (const auto &[Path, File] : Into)
    if (Sizes.count(File.Size)) {
      Expected<uint64_t> Key = Hash(File);
      if (!Key)
        return Key.takeError();
      Contents.emplace(*Key, File);
    }
  for (const auto &[Path, Member] : Members) {
    Expected<uint64_t> Key = Hash(Member);
    if (!Key)
      return Key.takeError();
    bool Known = false;
    for (auto [I, Last] = Contents.equal_range(*Key); I != Last && !Known; ++I) {
      Expected<bool> Same = haveSameBytes(I->second, Member);
      if (!Same)
        return Same.takeError();
      Known = *Same;
    }
    if (!Known)
      Into[Path] = Member;
  }
  return Error::success();
}

Error addDirectory(const std::string &Root, Files &Into, Files &Bitcode, std::vector<std::string> &Notes) {
  std::error_code Code;
  Files Members;
  std::vector<std::string> Paths;
  for (sys::fs::recursive_directory_iterator I(Root, Code, /*follow_symlinks=*/false), End; I != End; I.increment(Code)) {
    if (Code)
      return fail(Root + ": " + Code.message());
    if (I->type() == sys::fs::file_type::regular_file)
      Paths.push_back(I->path());
  }
  if (Code)
    return fail(Root + ": " + Code.message());
  llvm::sort(Paths);
  for (const std::string &Path : Paths) {
    Expected<std::string> Head = readHead(Path);
    if (!Head)
      return Head.takeError();
    file_magic Magic = identify_magic(*Head);
    StringRef Relative = StringRef(Path).drop_front(Root.size()).ltrim('/');
    if (Magic == file_magic::bitcode && StringRef(Path).ends_with(".o")) {
      uint64_t Size = 0;
      if (std::error_code E = sys::fs::file_size(Path, Size))
        return fail(Path + ": " + E.message());
      Bitcode[Relative.str()] = {Path, Path, 0, Size};
    } else if (Magic == file_magic::archive) {
      if (Error E = addMembers(Path, Relative.str() + ":", Members, Bitcode, Notes))
        return E;
    } else if (Magic == file_magic::elf_relocatable && isRelocatableObject(*Head)) {
      uint64_t Size = 0;
      if (std::error_code E = sys::fs::file_size(Path, Size))
        return fail(Path + ": " + E.message());
      Into[Relative.str()] = {Path, Path, 0, Size};
    } else if (Magic == file_magic::elf_relocatable) {
      Notes.push_back(Path + ": no x86-64 object, ignored");
    }
  }
  return dropMembersThatAreFiles(Members, Into);
}

// What -flto left in build directories cannot be compared, so it must be the same.
Error checkBitcode(const Files &Old, const Files &New) {
  Files All = New;
  All.insert(Old.begin(), Old.end());
  for (const auto &[Path, File] : All) {
    auto A = Old.find(Path), B = New.find(Path);
    if (A != Old.end() && B != New.end()) {
      Expected<bool> Same = haveSameBytes(A->second, B->second);
      if (!Same)
        return Same.takeError();
      if (*Same)
        continue;
    }
    return fail(File.File + ": is LLVM bitcode (-flto), which has no records, and is not the same in OLD and NEW; build both without -flto, " +
                "or take it away from both if the running program does not hold it");
  }
  return Error::success();
}

enum class InputKind { Object, Archive, Directory };

Expected<InputKind> read(const std::string &Path, Files &Into, Files &Bitcode, std::vector<std::string> &Notes) {
  if (sys::fs::is_directory(Path)) {
    std::string Root = StringRef(Path).rtrim('/').str();
    if (Error E = addDirectory(Root.empty() ? "/" : Root, Into, Bitcode, Notes))
      return E;
    if (Into.empty() && Bitcode.empty())
      return fail(Path + ": holds no x86-64 objects");
    return InputKind::Directory;
  }
  Expected<std::string> Head = readHead(Path);
  if (!Head)
    return Head.takeError();
  file_magic Magic = identify_magic(*Head);
  if (Magic == file_magic::archive) {
    if (Error E = addMembers(Path, "", Into, Bitcode, Notes))
      return E;
    if (Into.empty() && Bitcode.empty())
      return fail(Path + ": holds no x86-64 objects");
    return InputKind::Archive;
  }
  if (Magic == file_magic::bitcode)
    return fail(Path + ": is LLVM bitcode (-flto), which has no records; build OLD and NEW without -flto");
  if (Magic == file_magic::elf_executable || Magic == file_magic::elf_shared_object)
    return fail(Path + ": is a linked program or library; give the objects it was made of");
  if (!isRelocatableObject(*Head))
    return fail(Path + ": is no x86-64 ELF object, archive or directory");
  uint64_t Size = 0;
  if (std::error_code E = sys::fs::file_size(Path, Size))
    return fail(Path + ": " + E.message());
  Into[sys::path::filename(Path).str()] = {Path, Path, 0, Size};
  return InputKind::Object;
}

} // namespace

Expected<std::shared_ptr<MemoryBuffer>> InputFile::open() const {
  auto Buffer = MemoryBuffer::getFileSlice(Path, Size, Offset);
  if (!Buffer)
    return fail(File + ": " + Buffer.getError().message());
  // Members lie at even addresses only, and ELF structures want eight.
  if (reinterpret_cast<uintptr_t>((*Buffer)->getBufferStart()) % alignof(uint64_t))
    return std::shared_ptr<MemoryBuffer>(MemoryBuffer::getMemBufferCopy((*Buffer)->getBuffer(), File));
  return std::shared_ptr<MemoryBuffer>(std::move(*Buffer));
}

Expected<bool> haveSameBytes(const InputFile &A, const InputFile &B) {
  if (A.Size != B.Size)
    return false;
  Expected<std::shared_ptr<MemoryBuffer>> X = A.open();
  if (!X)
    return X.takeError();
  Expected<std::shared_ptr<MemoryBuffer>> Y = B.open();
  if (!Y)
    return Y.takeError();
  return (*X)->getBuffer() == (*Y)->getBuffer();
}

Expected<Inputs> openInputs(const std::string &Old, const std::string &New) {
  Inputs Result;
  Files OldFiles, NewFiles, OldBitcode, NewBitcode;
  Expected<InputKind> OldKind = read(Old, OldFiles, OldBitcode, Result.Notes);
  if (!OldKind)
    return OldKind.takeError();
  Expected<InputKind> NewKind = read(New, NewFiles, NewBitcode, Result.Notes);
  if (!NewKind)
    return NewKind.takeError();
  if (Error E = checkBitcode(OldBitcode, NewBitcode))
    return E;
  if (*OldKind != *NewKind)
    return fail(Old + " and " + New + ": give two objects, two archives or two directories");
  Result.WholeBuild = *OldKind == InputKind::Directory;
  if (*OldKind == InputKind::Object) { // one pair, whatever the files are called
    Result.Pairs.push_back({NewFiles.begin()->first, OldFiles.begin()->second, NewFiles.begin()->second});
    return Result;
  }
  for (auto &[Path, File] : OldFiles)
    Result.Pairs.push_back({Path, File, NewFiles.count(Path) ? NewFiles[Path] : InputFile()});
  for (auto &[Path, File] : NewFiles)
    if (!OldFiles.count(Path))
      Result.Pairs.push_back({Path, InputFile(), File});
  llvm::sort(Result.Pairs, [](const InputPair &A, const InputPair &B) { return A.Path < B.Path; });
  return Result;
}

} // namespace wfdiff
