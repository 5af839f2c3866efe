#include "format/update_reader.h"

#include "test/unit/format/update_builder.h"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace wfp::format {
namespace {

using test::UpdateBuilder;

// A copy of exactly the file's size on the heap, so that the sanitizers see a read behind its end.
struct Opened {
  explicit Opened(const std::vector<std::uint8_t> &file)
      : bytes(new std::uint8_t[file.size()]), good(false) {
    std::memcpy(bytes.get(), file.data(), file.size());
    good = reader.open(bytes.get(), file.size(), why);
  }
  std::unique_ptr<std::uint8_t[]> bytes;
  UpdateReader reader;
  FixedText<1024> why;
  bool good;
};

std::string refusal(const std::vector<std::uint8_t> &file) {
  Opened opened(file);
  EXPECT_EQ(opened.good, opened.why.size() == 0) << opened.why.c_str();
  return opened.good ? "accepted" : opened.why.c_str();
}

TEST(UpdateReader, ReadsWhatWasWritten) {
  Opened opened(test::sample_builder().finish());
  ASSERT_TRUE(opened.good) << opened.why.c_str();
  const UpdateReader &reader = opened.reader;
  ASSERT_EQ(reader.units().size(), 1u);
  EXPECT_STREQ(reader.string(reader.units()[0].key), "a.c|a.o");
  ASSERT_EQ(reader.functions().size(), 1u);
  const Elf64_Sym &symbol = reader.symbols()[reader.functions()[0].symbol];
  EXPECT_STREQ(reader.symbol_name(symbol), "f");
  const Elf64_Shdr &section = reader.sections()[symbol.st_shndx];
  EXPECT_STREQ(reader.section_name(section), ".text.f");
  EXPECT_EQ(reader.contents(section)[0], 0x90);
  ASSERT_EQ(reader.old_code().size(), 1u);
  EXPECT_EQ(reader.masks().slice(reader.old_code()[0].first_mask, reader.old_code()[0].mask_count)[1].offset, 20u);
  std::size_t relocations = 0;
  for (const Elf64_Shdr &candidate : reader.sections())
    if (candidate.sh_type == SHT_RELA)
      relocations += reader.relocations(candidate).size();
  EXPECT_EQ(relocations, 2u);
}

TEST(UpdateReader, RefusesEveryTruncation) {
  const std::vector<std::uint8_t> file = test::sample_builder().finish();
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(refusal({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}), "accepted") << size;
}

TEST(UpdateReader, RefusesEveryFlippedByte) {
  const std::vector<std::uint8_t> file = test::sample_builder().finish();
  for (std::size_t at = 0; at < file.size(); ++at)
    for (std::uint8_t flip : {0x01, 0x80, 0xff}) {
      std::vector<std::uint8_t> damaged = file;
      damaged[at] ^= flip;
      EXPECT_NE(refusal(damaged), "accepted") << at;
    }
}

TEST(UpdateReader, SaysWhatItIsNot) {
  EXPECT_EQ(refusal({'h', 'e', 'l', 'l', 'o'}), "not an update file (not ELF)");
  UpdateBuilder builder = test::sample_builder();
  std::vector<std::uint8_t> file = builder.finish();
  file[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(refusal(file), "made for another machine (not ELF64 x86-64)");
  file = builder.finish();
  reinterpret_cast<Elf64_Ehdr *>(file.data())->e_type = ET_DYN;
  EXPECT_EQ(refusal(file), "not an update file (not a relocatable object)");
  file = builder.finish();
  reinterpret_cast<ManifestHeader *>(file.data() + test::manifest_offset(file))->version = 7;
  test::seal(file);
  EXPECT_EQ(refusal(file), "written for another version of wfpatch: manifest version 7, this one reads 1");
  file = builder.finish();
  file[file.size() - sizeof(Elf64_Shdr) * 2 - 1] ^= 1; // somewhere in the section headers
  EXPECT_NE(refusal(file), "accepted");
}

// Rows that say what cannot be: each change alone must be refused, with the table named.
struct Hostile {
  const char *name;
  std::function<void(UpdateBuilder &)> change;
  const char *reason;
};

class HostileUpdate : public testing::TestWithParam<Hostile> {};

TEST_P(HostileUpdate, IsRefused) {
  UpdateBuilder builder = test::sample_builder();
  GetParam().change(builder);
  EXPECT_EQ(refusal(builder.finish()), GetParam().reason);
}

const Hostile kHostile[] = {
    {"UnitKey", [](UpdateBuilder &b) { b.units[0].key = 1000000; }, "damaged manifest: units row 0: bad key"},
    {"UnitEmptyKey", [](UpdateBuilder &b) { b.units[0].key = 0; }, "damaged manifest: units row 0: bad key"},
    {"UnitNewWithOldId", [](UpdateBuilder &b) { b.units[0].flags |= kUnitNew; },
     "damaged manifest: units row 0: a unit has an old id, or is new"},
    {"SectionIndex", [](UpdateBuilder &b) { b.loaded[0].section = 4000; }, "damaged manifest: sections row 0: bad section"},
    {"SectionNotLoaded", [](UpdateBuilder &b) { b.sections[1].header.sh_flags = 0; },
     "damaged manifest: sections row 0: bad section"},
    {"SectionUnit", [](UpdateBuilder &b) { b.loaded[1].unit = 1; }, "damaged manifest: sections row 1: bad unit"},
    {"FunctionUnit", [](UpdateBuilder &b) { b.functions[0].unit = 1; },
     "damaged manifest: functions row 0: bad unit or change"},
    {"FunctionChangeKind", [](UpdateBuilder &b) { b.functions[0].change = 3; },
     "damaged manifest: functions row 0: bad unit or change"},
    {"FunctionName", [](UpdateBuilder &b) { b.functions[0].old_name = kNone; },
     "damaged manifest: functions row 0: bad name"},
    {"FunctionSymbolUndefined", [](UpdateBuilder &b) { b.functions[0].symbol = 3; },
     "damaged manifest: functions row 0: bad symbol"},
    {"FunctionSymbolIndex", [](UpdateBuilder &b) { b.functions[0].symbol = 99; },
     "damaged manifest: functions row 0: bad symbol"},
    {"FunctionOldCode", [](UpdateBuilder &b) { b.functions[0].old_code_count = 0xffffffff; },
     "damaged manifest: functions row 0: bad old code"},
    {"FunctionsUnsorted",
     [](UpdateBuilder &b) {
       b.add_unit("b.c|b.o", 3, 4, 0);
       b.functions.push_back(b.functions[0]);
       b.functions[0].unit = 1;
     },
     "damaged manifest: functions row 1: not sorted by unit"},
    {"OldCodeParts", [](UpdateBuilder &b) { b.old_code[0].first_part = 0xffffffff; },
     "damaged manifest: old code row 0: bad parts"},
    {"OldCodeMasks", [](UpdateBuilder &b) { b.old_code[0].mask_count = 3; },
     "damaged manifest: old code row 0: bad masks"},
    {"OldCodeSharesMasks", [](UpdateBuilder &b) { b.old_code.push_back(b.old_code[0]); b.old_code[0].part_count = 0; },
     "damaged manifest: old code row 1: bad masks"},
    {"OldCodeSize", [](UpdateBuilder &b) { b.old_code[0].size = 0xffffffff; },
     "damaged manifest: old code row 0: bad unit, name or size"},
    {"MaskOutside", [](UpdateBuilder &b) { b.masks[1].length = 0xffffffff; },
     "damaged manifest: old code row 0: a mask lies outside"},
    {"PartOutside", [](UpdateBuilder &b) { b.parts[0].reference = 27; },
     "damaged manifest: old code row 0: a part's reference lies outside"},
    {"ImportDefined", [](UpdateBuilder &b) { b.imports[0].symbol = 1; }, "damaged manifest: imports row 0: bad symbol"},
    {"ImportTwice", [](UpdateBuilder &b) { b.imports.push_back(b.imports[0]); },
     "damaged manifest: imports row 1: not sorted by symbol"},
    {"ImportKind", [](UpdateBuilder &b) { b.imports[0].kind = 4; },
     "damaged manifest: imports row 0: bad unit, name or kind"},
    {"DefinitionOfNothing", [](UpdateBuilder &b) { b.definitions[0].symbol = kNone; },
     "damaged manifest: definitions row 0: neither a symbol nor an old name"},
    {"RemarkKind", [](UpdateBuilder &b) { b.remarks[0].kind = 5; },
     "damaged manifest: remarks row 0: bad kind, unit or text"},
    {"ReinitWithoutValue",
     [](UpdateBuilder &b) { b.remarks[0].kind = static_cast<std::uint32_t>(RemarkKind::kReinit); },
     "damaged manifest: remarks row 0: bad symbol"},
    {"StringsWithoutEnd", [](UpdateBuilder &b) { b.strings.back() = 'x'; },
     "damaged manifest: the strings do not end with NUL"},
    {"SymbolSection", [](UpdateBuilder &b) { b.symbols[1].row.st_shndx = 77; }, "damaged: symbol 1 (f) is in no section"},
    {"SymbolCommon", [](UpdateBuilder &b) { b.symbols[2].row.st_shndx = SHN_COMMON; }, "unsupported common symbol v"},
    {"SymbolOutside", [](UpdateBuilder &b) { b.symbols[1].row.st_size = ~std::uint64_t{0}; },
     "damaged: symbol 1 (f) lies outside its section"},
    {"RelocationSymbol", [](UpdateBuilder &b) { b.add_relocation(1, 0, R_X86_64_64, 1000, 0); },
     "damaged: relocation 2 in .rela.text.f has a bad symbol"},
    {"RelocationOutside", [](UpdateBuilder &b) { b.add_relocation(1, 33, R_X86_64_64, 1, 0); },
     "damaged: relocation 2 in .rela.text.f lies outside its section"},
    {"TwoManifests",
     [](UpdateBuilder &b) { b.add_section(kManifestSection, 0, std::vector<std::uint8_t>(128)); },
     "damaged: two manifests"},
    {"Alignment", [](UpdateBuilder &b) { b.sections[1].header.sh_addralign = 3; },
     "damaged: section 1 has an alignment that is no power of two"},
    {"DynamicSection", [](UpdateBuilder &b) { b.add_section(".dynamic", SHF_ALLOC, {}, SHT_DYNAMIC); },
     "unsupported section .dynamic of type 6"},
};
INSTANTIATE_TEST_SUITE_P(Rows, HostileUpdate, testing::ValuesIn(kHostile),
                         [](const auto &info) { return info.param.name; });

// Touches everything that a reader offers, as its users do.
std::uint64_t walk(const UpdateReader &reader) {
  std::uint64_t sum = 0;
  for (const Elf64_Shdr &section : reader.sections()) {
    sum += std::strlen(reader.section_name(section));
    if (section.sh_type == SHT_RELA)
      for (const Elf64_Rela &row : reader.relocations(section))
        sum += reader.symbols()[ELF64_R_SYM(row.r_info)].st_value;
    else if (section.sh_type != SHT_NULL && section.sh_type != SHT_NOBITS)
      for (std::uint64_t i = 0; i < section.sh_size; ++i)
        sum += reader.contents(section)[i];
  }
  for (const Elf64_Sym &symbol : reader.symbols())
    sum += std::strlen(reader.symbol_name(symbol));
  for (const ManifestUnit &row : reader.units())
    sum += std::strlen(reader.string(row.key));
  for (const ManifestSection &row : reader.manifest_sections())
    sum += reader.sections()[row.section].sh_size + reader.units()[row.unit].flags;
  for (const ManifestFunction &row : reader.functions()) {
    sum += std::strlen(reader.string(row.display));
    if (row.symbol != kNone)
      sum += reader.sections()[reader.symbols()[row.symbol].st_shndx].sh_size;
    if (row.old_code != kNone)
      for (const ManifestOldCode &code : reader.old_code().slice(row.old_code, row.old_code_count))
        sum += code.size;
  }
  for (const ManifestOldCode &row : reader.old_code()) {
    for (const ManifestPart &part : reader.parts().slice(row.first_part, row.part_count))
      sum += part.size;
    for (const ManifestMask &mask : reader.masks().slice(row.first_mask, row.mask_count))
      sum += mask.length;
  }
  for (const ManifestImport &row : reader.imports())
    sum += std::strlen(reader.string(row.name)) + reader.symbols()[row.symbol].st_info;
  for (const ManifestDefinition &row : reader.definitions())
    sum += std::strlen(reader.string(row.name));
  for (const ManifestRemark &row : reader.remarks())
    sum += std::strlen(reader.string(row.text));
  return sum;
}

// Damage with a right digest: whatever is accepted can be walked.  (The sanitizers judge.)
TEST(UpdateReader, DamageWithARightDigestIsRefusedOrHarmless) {
  const std::vector<std::uint8_t> file = test::sample_builder().finish();
  std::mt19937 random(1);
  std::uint64_t sum = 0;
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::uint8_t> damaged = file;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      std::size_t at = random() % damaged.size();
      static constexpr std::uint8_t kValues[] = {0, 1, 4, 0x7f, 0x80, 0xff};
      damaged[at] = random() % 2 ? kValues[random() % sizeof kValues] : static_cast<std::uint8_t>(random());
    }
    test::seal(damaged);
    Opened opened(damaged);
    if (!opened.good)
      continue;
    ++accepted;
    sum += walk(opened.reader);
  }
  EXPECT_GT(accepted, 100); // most bytes are code or names
  EXPECT_GT(sum, 0u);
}

} // namespace
} // namespace wfp::format
