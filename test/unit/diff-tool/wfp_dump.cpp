// wfp-dump FILE: checks an update with the reader that the runtime uses, and prints its manifest for FileCheck.
#include "format/records.h"
#include "format/update_reader.h"

#include <cstdio>
#include <vector>

using namespace wfp::format;

namespace {

std::vector<std::uint64_t> read(const char *path, std::size_t &size) {
  std::vector<std::uint64_t> words; // aligned to 8
  std::FILE *file = std::fopen(path, "rb");
  if (!file)
    return words;
  std::uint64_t word = 0;
  while (std::size_t got = std::fread(&word, 1, sizeof word, file)) {
    words.push_back(word);
    size += got;
    word = 0;
  }
  std::fclose(file);
  return words;
}

const char *change_name(std::uint32_t change) {
  static const char *const names[] = {"replaced", "removed", "added"};
  return names[change];
}

const char *kind_name(std::uint32_t kind) {
  static const char *const names[] = {"function", "variable", "thread-local", "unknown"};
  return names[kind];
}

void print_units(const UpdateReader &update) {
  for (const ManifestUnit &unit : update.units())
    std::printf("unit %s%s%s\n", update.string(unit.key), unit.flags & kUnitTouched ? " touched" : "",
                unit.flags & kUnitNew ? " new" : "");
  for (const ManifestSection &section : update.manifest_sections())
    std::printf("section %s unit %u\n", update.section_name(update.sections()[section.section]), section.unit);
}

void print_functions(const UpdateReader &update) {
  for (const ManifestFunction &function : update.functions())
    std::printf("function %s %s%s unit %u%s%s copies %u\n", change_name(function.change), update.string(function.display),
                function.flags & kFunctionLocal ? " local" : "", function.unit,
                function.flags & kAllowActive ? " allow-active" : "",
                function.flags & kFunctionComdatGroup ? " comdat" : "", function.old_code_count);
  for (const ManifestOldCode &code : update.old_code()) {
    std::printf("old-code %s size %u masks", update.string(code.name), code.size);
    for (const ManifestMask &mask : update.masks().slice(code.first_mask, code.mask_count))
      std::printf(" %u+%u", mask.offset, mask.length);
    for (const ManifestPart &part : update.parts().slice(code.first_part, code.part_count))
      std::printf(" part at %u bias %d size %u", part.reference, part.bias, part.size);
    std::printf(" flags%s%s%s\n", code.flags & kFunctionSled ? " sled" : "", code.flags & kFunctionEndbr ? " endbr" : "",
                code.flags & kSymbolComdat ? " comdat" : "");
  }
}

void print_symbols(const UpdateReader &update) {
  for (const ManifestImport &import : update.imports())
    std::printf("import %s %s%s%s%s unit %u\n", update.string(import.name), kind_name(import.kind),
                import.flags & kImportLocal ? " local" : "", import.flags & kImportWeak ? " weak" : "",
                import.flags & kImportHidden ? " hidden" : "", import.unit);
  for (const ManifestDefinition &definition : update.definitions()) {
    std::printf("definition %s ", update.string(definition.name));
    if (definition.symbol == kNone)
      std::printf("is %s", update.string(definition.old_name));
    else
      std::printf("at %s", update.section_name(update.sections()[update.symbols()[definition.symbol].st_shndx]));
    std::printf(" %s unit %u\n", kind_name(definition.kind), definition.unit);
  }
  static const char *const remarks[] = {"kept", "reinit", "trusted-type", "replaced-const", "note"};
  for (const ManifestRemark &remark : update.remarks())
    std::printf("remark %s %s%s\n", remarks[remark.kind], update.string(remark.text), remark.symbol == kNone ? "" : " with a value");
}

} // namespace

int main(int argc, char **argv) {
  std::size_t size = 0;
  std::vector<std::uint64_t> words = argc == 2 ? read(argv[1], size) : std::vector<std::uint64_t>();
  if (words.empty()) {
    std::fprintf(stderr, "wfp-dump: give one readable update\n");
    return 2;
  }
  char buffer[512];
  wfp::TextSink why(buffer, sizeof buffer);
  UpdateReader update;
  if (!update.open(reinterpret_cast<const std::uint8_t *>(words.data()), size, why)) {
    std::fprintf(stderr, "wfp-dump: %s: %s\n", argv[1], buffer);
    return 1;
  }
  print_units(update);
  print_functions(update);
  print_symbols(update);
  return 0;
}
