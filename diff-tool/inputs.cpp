// Objects are paired directly, archives by member, build directories by relative path.  In a directory an archive counts
// only for members that are not also there as a file (a build usually leaves both), and linked programs do not count at all.
#include "diff-tool/inputs.h"

#include "diff-tool/object_reader.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/Archive.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <map>

using namespace llvm;

namespace wfdiff {

namespace {

using Files = std::map<std::string, InputFile>; // by relative path

Error fail(const Twine &Why) { return createStringError(inconvertibleErrorCode(), Why); }

Expected<std::shared_ptr<MemoryBuffer>> open(const std::string &Path) {
  auto Buffer = MemoryBuffer::getFile(Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Buffer)
    return fail(Path + ": " + Buffer.getError().message());
  return std::shared_ptr<MemoryBuffer>(std::move(*Buffer));
}

Error addMembers(const std::string &File, const std::string &Prefix, std::shared_ptr<MemoryBuffer> Buffer, Files &Into,
                 std::vector<std::string> &Notes) {
  Expected<std::unique_ptr<object::Archive>> Archive = object::Archive::create(Buffer->getMemBufferRef());
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
    if (!isRelocatableObject(*Bytes)) {
      Notes.push_back(Label + ": no x86-64 object, ignored");
      continue;
    }
    std::string Member = Name->str();
    if (unsigned Number = Seen[Member]++) // archives may hold one name several times: count
      Member += "#" + std::to_string(Number);
    // A copy: members lie at even addresses only, and ELF structures want eight.
    Into[Prefix + Member] = {Label, std::shared_ptr<MemoryBuffer>(MemoryBuffer::getMemBufferCopy(*Bytes, Label))};
  }
  if (Broken)
    return fail(File + ": " + toString(std::move(Broken)));
  return Error::success();
}

Error addDirectory(const std::string &Root, Files &Into, std::vector<std::string> &Notes) {
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
    file_magic Magic;
    if (std::error_code E = identify_magic(Path, Magic))
      return fail(Path + ": " + E.message());
    StringRef Relative = StringRef(Path).drop_front(Root.size()).ltrim('/');
    if (Magic == file_magic::bitcode && Path.ends_with(".o"))
      Notes.push_back(Path + ": LLVM bitcode, ignored; diff what the linker makes of it (-Wl,--save-temps)");
    if (Magic != file_magic::elf_relocatable && Magic != file_magic::archive)
      continue;
    Expected<std::shared_ptr<MemoryBuffer>> Buffer = open(Path);
    if (!Buffer)
      return Buffer.takeError();
    if (Magic == file_magic::archive) {
      if (Error E = addMembers(Path, Relative.str() + ":", *Buffer, Members, Notes))
        return E;
    } else if (!isRelocatableObject((*Buffer)->getBuffer())) {
      Notes.push_back(Path + ": no x86-64 object, ignored");
    } else {
      Into[Relative.str()] = {Path, *Buffer};
    }
  }
  // By hash first: a build directory has hundreds of megabytes.
  std::multimap<uint64_t, StringRef> Contents;
  for (const auto &[Path, File] : Into)
    if (!Members.empty())
      Contents.emplace(xxh3_64bits(File.Buffer->getBuffer()), File.Buffer->getBuffer());
  for (auto &[Path, Member] : Members) {
    auto [First, Last] = Contents.equal_range(xxh3_64bits(Member.Buffer->getBuffer()));
    if (std::none_of(First, Last, [&](const auto &Same) { return Same.second == Member.Buffer->getBuffer(); }))
      Into[Path] = Member;
  }
  return Error::success();
}

enum class InputKind { Object, Archive, Directory };

Expected<InputKind> read(const std::string &Path, Files &Into, std::vector<std::string> &Notes) {
  if (sys::fs::is_directory(Path)) {
    std::string Root = StringRef(Path).rtrim('/').str();
    if (Error E = addDirectory(Root.empty() ? "/" : Root, Into, Notes))
      return E;
    if (Into.empty())
      return fail(Path + ": holds no x86-64 objects");
    return InputKind::Directory;
  }
  Expected<std::shared_ptr<MemoryBuffer>> Buffer = open(Path);
  if (!Buffer)
    return Buffer.takeError();
  StringRef Bytes = (*Buffer)->getBuffer();
  file_magic Magic = identify_magic(Bytes);
  if (Magic == file_magic::archive) {
    if (Error E = addMembers(Path, "", *Buffer, Into, Notes))
      return E;
    if (Into.empty())
      return fail(Path + ": holds no x86-64 objects");
    return InputKind::Archive;
  }
  if (Magic == file_magic::bitcode)
    return fail(Path + ": is LLVM bitcode (-flto); diff what the linker makes of it (-Wl,--save-temps)");
  if (Magic == file_magic::elf_executable || Magic == file_magic::elf_shared_object)
    return fail(Path + ": is a linked program or library; give the objects it was made of");
  if (!isRelocatableObject(Bytes))
    return fail(Path + ": is no x86-64 ELF object, archive or directory");
  Into[sys::path::filename(Path).str()] = {Path, *Buffer};
  return InputKind::Object;
}

} // namespace

Expected<Inputs> openInputs(const std::string &Old, const std::string &New) {
  Inputs Result;
  Files OldFiles, NewFiles;
  Expected<InputKind> OldKind = read(Old, OldFiles, Result.Notes);
  if (!OldKind)
    return OldKind.takeError();
  Expected<InputKind> NewKind = read(New, NewFiles, Result.Notes);
  if (!NewKind)
    return NewKind.takeError();
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
