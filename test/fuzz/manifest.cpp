// The manifest alone: the input is the section's content, in an otherwise sound update.  So the fuzzer works on its tables
// without having to keep an ELF file whole.  Read by the reader, by `wfpatch inspect` in both its forms, and by the linker.
#include "control/command.h"
#include "format/update_reader.h"
#include "test/fuzz/linking.h"
#include "test/fuzz/support.h"

#include <cstdlib>
#include <sstream>

namespace {

using namespace wfp;

// The host with `size` bytes at its end as its manifest.
std::vector<std::uint8_t> with_manifest(std::vector<std::uint8_t> file, const std::uint8_t *data, std::size_t size) {
  file.resize((file.size() + 7) & ~std::size_t{7});
  const std::size_t at = file.size();
  Elf64_Ehdr header;
  std::memcpy(&header, file.data(), sizeof header);
  auto *sections = reinterpret_cast<Elf64_Shdr *>(file.data() + header.e_shoff);
  const char *names = reinterpret_cast<const char *>(file.data() + sections[header.e_shstrndx].sh_offset);
  for (std::size_t i = 1; i < header.e_shnum; ++i)
    if (std::strcmp(names + sections[i].sh_name, format::kManifestSection) == 0) {
      // So that seal() finds the new one.
      std::memset(file.data() + sections[i].sh_offset, 0, sections[i].sh_size);
      sections[i].sh_offset = at;
      sections[i].sh_size = size;
    }
  file.insert(file.end(), data, data + size);
  return file;
}

void inspect(const std::string &path, bool accepted, std::vector<std::string> options) {
  std::ostringstream out, err;
  control::Console console(out, err);
  options.insert(options.begin(), {"inspect", path});
  const int code = control::run_command(options, console);
  if (code != (accepted ? 0 : 1) || (accepted ? out : err).str().empty())
    std::abort(); // the command and the reader disagree, or it has nothing to say
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const std::vector<std::uint8_t> host = fuzz::read_file(WFPATCH_FUZZ_SEEDS "/updates/both.wfp");
  std::vector<std::uint8_t> file = with_manifest(host, data, size);
  fuzz::seal(file);
  FixedText<512> why;
  format::UpdateReader reader;
  const bool accepted = reader.open(file.data(), file.size(), why);
  fuzz::InputFile on_disk(file.data(), file.size());
  inspect(on_disk.path(), accepted, {});
  inspect(on_disk.path(), accepted, {"--json"});
  if (fuzz::link_and_unlink(file) && !accepted)
    std::abort();
  return 0;
}
