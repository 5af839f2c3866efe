#include "test/unit/runtime/loader_link_fixture.h"

#include "format/sha256.h"
#include "runtime/src/dso.h"
#include "runtime/src/process_memory.h"

#include <fstream>
#include <sstream>

namespace wfp::test {

namespace {

// The loader belongs to the control thread; here the tests' thread takes its place: its view of the process's memory, which
// lies in a descriptor of the thread's own table, and what the start of the runtime captures.
class AsControlThread : public testing::Environment {
  void SetUp() override {
    Message why;
    ASSERT_TRUE(open_process_memory(why)) << why.c_str();
    capture_tls_modules();
  }
};
[[maybe_unused]] const auto *const environment = testing::AddGlobalTestEnvironment(new AsControlThread);

std::string maps() {
  std::ifstream file("/proc/self/maps");
  std::stringstream text;
  for (std::string line; std::getline(file, line);)
    if (line.find("---p") != std::string::npos || line.find("memfd") != std::string::npos)
      text << line << '\n';
  return text.str();
}

} // namespace

Bytes operator+(Bytes left, const Bytes &right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes sample_add_masked() { return {0, 0, 0, 0, 0, 0x8d, 0x04, 0x37, 0xc3}; }

SampleUpdate::SampleUpdate(std::uint8_t old_id, std::uint8_t new_id) {
  unit = builder.add_unit(kSampleKey, old_id, new_id, format::kUnitTouched);
}

std::uint32_t SampleUpdate::section(const std::string &name, std::uint64_t flags, Bytes bytes, std::uint32_t type) {
  std::uint32_t index = builder.add_section(name, SHF_ALLOC | flags, std::move(bytes), type);
  builder.loaded.push_back({index, unit});
  return index;
}

std::uint32_t SampleUpdate::function(const std::string &name, const Bytes &body) {
  std::uint32_t index = section(".text." + name, SHF_EXECINSTR, kSled + body);
  return builder.add_symbol(name, index, 0, kSled.size() + body.size());
}

std::uint32_t SampleUpdate::zeros(const std::string &name, std::uint64_t size) {
  std::uint32_t index = section(".bss." + name, SHF_WRITE, {}, SHT_NOBITS);
  builder.sections[index].header.sh_size = size;
  return builder.add_symbol(name, index, 0, size, STB_GLOBAL, STT_OBJECT);
}

std::uint32_t SampleUpdate::import(const std::string &name, format::ImportKind kind, std::uint32_t flags) {
  std::uint32_t symbol = builder.add_symbol(name, SHN_UNDEF, 0, 0, STB_GLOBAL, STT_NOTYPE);
  builder.imports.push_back({symbol, unit, builder.string(name), static_cast<std::uint32_t>(kind), flags, 0});
  return symbol;
}

void SampleUpdate::relocate(std::uint32_t function_symbol, std::uint64_t offset_in_body, std::uint32_t type,
                            std::uint32_t symbol, std::int64_t addend) {
  builder.add_relocation(builder.symbols[function_symbol].row.st_shndx, kSled.size() + offset_in_body, type, symbol,
                         addend);
}

void SampleUpdate::old_code(const std::string &name, const Bytes &masked, std::vector<format::ManifestMask> masks,
                            std::uint32_t flags) {
  format::ManifestOldCode row = {};
  row.unit = unit;
  row.name = builder.string(name);
  row.size = static_cast<std::uint32_t>(masked.size());
  row.first_part = static_cast<std::uint32_t>(builder.parts.size());
  row.first_mask = static_cast<std::uint32_t>(builder.masks.size());
  row.mask_count = static_cast<std::uint32_t>(masks.size());
  row.flags = flags;
  format::Sha256 hash;
  hash.update(masked.data(), masked.size());
  hash.finish(row.digest);
  builder.masks.insert(builder.masks.end(), masks.begin(), masks.end());
  builder.old_code.push_back(row);
}

void SampleUpdate::replaces(const std::string &name, std::uint32_t symbol, std::uint32_t flags) {
  format::ManifestFunction row = {};
  row.unit = unit;
  row.change = static_cast<std::uint32_t>(format::FunctionChange::kReplaced);
  row.old_name = row.new_name = row.display = builder.string(name);
  row.symbol = symbol;
  row.flags = flags;
  row.old_code = static_cast<std::uint32_t>(builder.old_code.size() - 1);
  row.old_code_count = 1;
  builder.functions.push_back(row);
}

void SampleUpdate::adds(const std::string &name, std::uint32_t symbol) {
  format::ManifestFunction row = {};
  row.unit = unit;
  row.change = static_cast<std::uint32_t>(format::FunctionChange::kAdded);
  row.old_name = row.old_code = format::kNone;
  row.new_name = row.display = builder.string(name);
  row.symbol = symbol;
  builder.functions.push_back(row);
  builder.definitions.push_back({unit, builder.string(name), symbol, format::kNone,
                                 static_cast<std::uint32_t>(format::ImportKind::kFunction), format::kFunctionSled});
}

std::uint32_t SampleUpdate::replace_add(const Bytes &body) {
  std::uint32_t symbol = function("sample_add", body);
  old_code("sample_add", sample_add_masked());
  replaces("sample_add", symbol);
  return symbol;
}

Linked::Linked(SampleUpdate &update) : update_(std::make_unique<LinkedUpdate>()) {
  std::strcpy(update_->file, "test.wfp");
  const Bytes file = update.builder.finish();
  Message message;
  good = link_update(file.data(), file.size(), *update_, message);
  why = message.c_str();
}

Linked::~Linked() {
  if (entered_)
    leave_update(*update_);
  if (good)
    unlink_update(*update_);
}

const LinkedFunction &Linked::function(const std::string &name) const {
  for (const LinkedFunction &function : update_->functions)
    if (name == function.name)
      return function;
  static const LinkedFunction none = {};
  ADD_FAILURE() << "no function " << name;
  return none;
}

void expect_refused(SampleUpdate &update, const std::string &reason) {
  { Linked once(update); } // the first time, room may be reserved: that stays
  const std::string before = maps();
  Linked linked(update);
  EXPECT_FALSE(linked.good);
  EXPECT_EQ(linked.why.rfind("test.wfp: ", 0), 0u) << linked.why;
  EXPECT_NE(linked.why.find(reason), std::string::npos) << linked.why;
  EXPECT_EQ(maps(), before);
}

} // namespace wfp::test
