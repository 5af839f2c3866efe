#include "format/records.h"
#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "test/unit/runtime/loader_link_fixture.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace wfp::test {
namespace {

using format::ImportKind;

class LinkTest : public testing::Test {};

// ---- What linking gives ------------------------------------------------------------------------------------------------

TEST_F(LinkTest, ReplacedFunction) {
  SampleUpdate update;
  update.replace_add({0x8d, 0x44, 0x37, 0x01, 0xc3}); // lea 1(%rdi,%rsi), %eax; ret
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  const LinkedFunction &function = linked.function("sample_add");
  auto entry = reinterpret_cast<std::uintptr_t>(&sample_add);
  EXPECT_EQ(function.sled, entry);
  ASSERT_EQ(function.old_range_count, 1u);
  EXPECT_EQ(function.old_ranges[0].begin, entry + 5);
  EXPECT_EQ(function.old_ranges[0].end, entry + kAddBytes);
  ASSERT_EQ(function.new_range_count, 1u);
  EXPECT_EQ(function.new_ranges[0].begin, function.body);
  EXPECT_EQ(function.new_ranges[0].end, function.body + 5);
  EXPECT_EQ(linked.body<int (*)(int, int)>("sample_add")(2, 3), 6);
  EXPECT_EQ(sample_add(2, 3), 5) << "linking arms nothing";
  ASSERT_EQ(linked->images.size(), 1u);
  EXPECT_EQ(linked->skipped_units, 0u);
}

TEST_F(LinkTest, SplitPartsAreLocated) {
  SampleUpdate update;
  Bytes masked = {0, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0};
  std::uint32_t symbol = update.function("sample_split", {0xc3});
  update.old_code("sample_split", masked, {{0, 5}, {6, 4}});
  update.builder.parts.push_back({6, -4, kColdBytes, 0});
  update.builder.old_code.back().part_count = 1;
  update.replaces("sample_split", symbol);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  const LinkedFunction &function = linked.function("sample_split");
  ASSERT_EQ(function.old_range_count, 2u);
  EXPECT_EQ(function.old_ranges[1].begin, reinterpret_cast<std::uintptr_t>(sample_split_cold));
  EXPECT_EQ(function.old_ranges[1].end, reinterpret_cast<std::uintptr_t>(sample_split_cold) + kColdBytes);
}

TEST_F(LinkTest, NewSplitPartsAreRanges) {
  SampleUpdate update;
  update.replace_add({0xc3});
  std::uint32_t cold = update.section(".text.split.sample_add", SHF_EXECINSTR, {0x90, 0xc3});
  update.builder.add_symbol("sample_add.cold", cold, 0, 2, STB_LOCAL);
  update.builder.add_symbol("sample_adder.cold", cold, 0, 2, STB_LOCAL);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  ASSERT_EQ(linked.function("sample_add").new_range_count, 2u);
  EXPECT_EQ(linked.function("sample_add").new_ranges[1].end - linked.function("sample_add").new_ranges[1].begin, 2u);
}

TEST_F(LinkTest, RecordDroppedByTheLinkerIsSkipped) {
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_dropped", {0xc3});
  update.old_code("sample_dropped", {0, 0, 0, 0, 0, 0xc3});
  update.replaces("sample_dropped", symbol);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_TRUE(linked->functions.empty());
}

TEST_F(LinkTest, UnitsOfOtherProgramsAreSkipped) {
  SampleUpdate update;
  update.replace_add({0xc3});
  update.builder.add_unit("elsewhere.c|elsewhere.o", 5, 6, 0);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_EQ(linked->skipped_units, 1u);
}

TEST_F(LinkTest, DataConstantsAndZeros) {
  SampleUpdate update;
  std::uint32_t add = update.replace_add({0x8b, 0x05, 0, 0, 0, 0, 0xc3}); // mov value(%rip), %eax; ret
  std::uint32_t data = update.section(".data.value", SHF_WRITE, {7, 0, 0, 0});
  std::uint32_t value = update.builder.add_symbol("value", data, 0, 4, STB_LOCAL, STT_OBJECT);
  update.relocate(add, 2, R_X86_64_PC32, value, -4);
  std::uint32_t reader = update.function("address_of_zeros", {0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xc3}); // lea, ret
  update.adds("address_of_zeros", reader);
  update.relocate(reader, 3, R_X86_64_PC32, update.zeros("zeros", 100000), -4);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_EQ(linked.body<int (*)()>("sample_add")(), 7);
  char *zeros = linked.body<char *(*)()>("address_of_zeros")();
  for (int i = 0; i < 100000; i += 1000)
    EXPECT_EQ(zeros[i], 0);
  zeros[99999] = 1; // writable to its end
}

// ---- Relocations: each in a function that shows the value ---------------------------------------------------------------

struct Case {
  const char *name;
  Bytes body;
  std::uint64_t offset;
  std::uint32_t type;
  const char *symbol;
  std::int64_t addend;
  ImportKind kind;
  std::uint64_t expected;

  friend void PrintTo(const Case &test, std::ostream *to) { *to << test.name; }
};

class RelocationTest : public LinkTest, public testing::WithParamInterface<Case> {};

TEST_P(RelocationTest, GivesTheValue) {
  const Case &test = GetParam();
  SampleUpdate update;
  std::uint32_t add = update.replace_add(test.body);
  update.relocate(add, test.offset, test.type, update.import(test.symbol, test.kind), test.addend);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_EQ(linked.body<std::uint64_t (*)()>("sample_add")(), test.expected);
}

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

const Bytes kLoad = {0x8b, 0x05, 0, 0, 0, 0, 0xc3};                               // mov X(%rip), %eax; ret
const Bytes kAddressOf = {0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xc3};                    // lea X(%rip), %rax; ret
const Bytes kLoadPointer = {0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xc3};                  // mov slot(%rip), %rax; ret
const Bytes kLoadThroughSlot = {0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x8b, 0x00, 0xc3};  // mov slot(%rip), %rax; mov (%rax), %eax
const Bytes kJump = {0xe9, 0, 0, 0, 0};                                           // jmp X
const Bytes kThreadLocalLe = {0x64, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0xc3};          // mov %fs:X, %eax; ret
const Bytes kThreadLocalIe = {0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x64, 0x8b, 0x00, 0xc3}; // mov slot, %rax; mov %fs:(%rax), %eax
const Bytes kImmediate64 = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xc3};            // movabs $X, %rax; ret
const Bytes kImmediate32 = {0xb8, 0, 0, 0, 0, 0xc3};                              // mov $X, %eax; ret

const Case kCases[] = {
    {"Pc32Variable", kLoad, 2, R_X86_64_PC32, "sample_variable", -4, ImportKind::kVariable, 41},
    {"Pc32Function", kAddressOf, 3, R_X86_64_PC32, "sample_add", -4, ImportKind::kFunction, address((void *)&sample_add)},
    {"GotPcRel", kLoadThroughSlot, 3, R_X86_64_GOTPCREL, "sample_variable", -4, ImportKind::kVariable, 41},
    {"GotPcRelX", kLoadThroughSlot, 3, R_X86_64_GOTPCRELX, "sample_variable", -4, ImportKind::kVariable, 41},
    {"RexGotPcRelX", kLoadPointer, 3, R_X86_64_REX_GOTPCRELX, "sample_fold_a", -4, ImportKind::kFunction,
     address((void *)&sample_fold_a)},
    {"Plt32Near", kJump, 1, R_X86_64_PLT32, "sample_fold_a", -4, ImportKind::kFunction, 7},
    {"Plt32Far", kJump, 1, R_X86_64_PLT32, "getppid", -4, ImportKind::kFunction, static_cast<std::uint64_t>(getppid())},
    {"Absolute64", kImmediate64, 2, R_X86_64_64, "sample_variable", 8, ImportKind::kVariable,
     address(&sample_variable) + 8},
    {"ThreadOffset32", kThreadLocalLe, 4, R_X86_64_TPOFF32, "sample_thread_local", 0, ImportKind::kThreadLocal, 17},
    {"GotThreadOffset", kThreadLocalIe, 3, R_X86_64_GOTTPOFF, "sample_thread_local", -4, ImportKind::kThreadLocal, 17},
    {"UnknownKindThreadLocal", kThreadLocalLe, 4, R_X86_64_TPOFF32, "sample_thread_local", 0, ImportKind::kUnknown, 17},
    {"Size32", kImmediate32, 1, R_X86_64_SIZE32, "sample_variable", 100, ImportKind::kVariable, 104},
    {"Size64", kImmediate64, 2, R_X86_64_SIZE64, "sample_variable", 0, ImportKind::kVariable, 4},
    {"None", {0xb8, 3, 0, 0, 0, 0xc3}, 0, R_X86_64_NONE, "sample_variable", 0, ImportKind::kVariable, 3},
    {"OtherLibrarysData", kLoadThroughSlot, 3, R_X86_64_GOTPCREL, "library_data", -4, ImportKind::kUnknown, 6},
    {"OtherLibrarysThreadLocal", kThreadLocalIe, 3, R_X86_64_GOTTPOFF, "library_thread_local", -4,
     ImportKind::kThreadLocal, 5},
    {"StaticPartOfLibc", kLoadPointer, 3, R_X86_64_GOTPCREL, "atexit", -4, ImportKind::kFunction,
     address((void *)&atexit)},
};
INSTANTIATE_TEST_SUITE_P(Kinds, RelocationTest, testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST_F(LinkTest, IndirectFunctionsOfLibcAreBound) {
  for (const char *name : {"strlen", "strchr", "memmove", "strcspn"}) { // libc chooses them by CPU
    SampleUpdate update;
    update.relocate(update.replace_add(kLoadPointer), 3, R_X86_64_GOTPCREL, update.import(name, ImportKind::kFunction), -4);
    Linked linked(update);
    ASSERT_TRUE(linked.good) << linked.why;
    EXPECT_EQ(linked.body<void *(*)()>("sample_add")(), dlsym(RTLD_DEFAULT, name)) << name;
  }
}

TEST_F(LinkTest, ThreadLocalsByTheGeneralModel) {
  SampleUpdate update;
  // push %rbx; lea X@tlsgd(%rip), %rdi; call __tls_get_addr; mov (%rax), %eax; pop %rbx; ret
  std::uint32_t add = update.replace_add({0x53, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x8b, 0x00, 0x5b, 0xc3});
  std::uint32_t variable = update.import("sample_thread_local", ImportKind::kThreadLocal);
  std::uint32_t get_address = update.import("__tls_get_addr", ImportKind::kFunction);
  update.relocate(add, 4, R_X86_64_TLSGD, variable, -4);
  update.relocate(add, 9, R_X86_64_PLT32, get_address, -4);
  // the same with X@tlsld and X@dtpoff(%rax)
  std::uint32_t local = update.function(
      "local_dynamic", {0x53, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x8b, 0x80, 0, 0, 0, 0, 0x5b, 0xc3});
  update.adds("local_dynamic", local);
  update.relocate(local, 4, R_X86_64_TLSLD, variable, -4);
  update.relocate(local, 9, R_X86_64_PLT32, get_address, -4);
  update.relocate(local, 15, R_X86_64_DTPOFF32, variable, 0);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  auto general = linked.body<int (*)()>("sample_add"), local_dynamic = linked.body<int (*)()>("local_dynamic");
  EXPECT_EQ(general(), 17);
  EXPECT_EQ(local_dynamic(), 17);
  sample_thread_local = 18;
  EXPECT_EQ(general(), 18);
  EXPECT_EQ(local_dynamic(), 18);
  std::thread([&] { EXPECT_EQ(general(), 17); }).join();
  sample_thread_local = 17;
}

// A new thread-local of `size` bytes; its symbol.
std::uint32_t new_thread_local(SampleUpdate &update, const std::string &name, std::uint64_t size) {
  std::uint32_t section = update.section(".tbss." + name, SHF_WRITE | SHF_TLS, {}, SHT_NOBITS);
  update.builder.sections[section].header.sh_size = size;
  return update.builder.add_symbol(name, section, 0, size, STB_GLOBAL, STT_TLS);
}

const Bytes kCountUpLe = {0x64, 0xff, 0x04, 0x25, 0, 0, 0, 0,  // incl %fs:X
                          0x64, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0xc3}; // mov %fs:X, %eax; ret

TEST_F(LinkTest, NewThreadLocals) {
  SampleUpdate update;
  std::uint32_t add = update.replace_add(kCountUpLe);
  new_thread_local(update, "padding", 20);
  std::uint32_t variable = new_thread_local(update, "fresh_tls", 4);
  update.relocate(add, 4, R_X86_64_TPOFF32, variable, 0);
  update.relocate(add, 12, R_X86_64_TPOFF32, variable, 0);
  std::uint32_t initial_exec = update.function("initial_exec", kThreadLocalIe);
  update.relocate(initial_exec, 3, R_X86_64_GOTTPOFF, variable, -4);
  update.adds("initial_exec", initial_exec);
  const Bytes call = {0x53, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0};
  std::uint32_t get_address = update.import("__tls_get_addr", ImportKind::kFunction);
  std::uint32_t general = update.function("general", call + Bytes{0x8b, 0x00, 0x5b, 0xc3});
  update.relocate(general, 4, R_X86_64_TLSGD, variable, -4);
  update.relocate(general, 9, R_X86_64_PLT32, get_address, -4);
  update.adds("general", general);
  std::uint32_t local = update.function("local", call + Bytes{0x8b, 0x80, 0, 0, 0, 0, 0x5b, 0xc3});
  update.relocate(local, 4, R_X86_64_TLSLD, variable, -4);
  update.relocate(local, 9, R_X86_64_PLT32, get_address, -4);
  update.relocate(local, 15, R_X86_64_DTPOFF32, variable, 0);
  update.adds("local", local);
  update.builder.definitions.push_back({update.unit, update.builder.string("fresh_tls"), variable, format::kNone,
                                        static_cast<std::uint32_t>(ImportKind::kThreadLocal), 0});
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  auto count_up = linked.body<int (*)()>("sample_add");
  auto check = [&](int expected) {
    EXPECT_EQ(count_up(), expected);
    for (const char *name : {"initial_exec", "general", "local"})
      EXPECT_EQ(linked.body<int (*)()>(name)(), expected) << name;
  };
  check(1);
  check(2);
  std::thread(check, 1).join(); // every thread has its own
  check(3);
  EXPECT_EQ(sample_thread_local, 17);

  linked.enter();
  SampleUpdate second(0x22, 0x66);
  std::uint32_t reader = second.function("reader", kThreadLocalLe);
  second.adds("reader", reader);
  second.relocate(reader, 4, R_X86_64_TPOFF32, second.import("fresh_tls", ImportKind::kThreadLocal), 0);
  Linked later(second);
  ASSERT_TRUE(later.good) << later.why;
  EXPECT_EQ(later.body<int (*)()>("reader")(), 3);
  linked.leave();
}

TEST_F(LinkTest, ThePoolForThreadLocalsHasAnEnd) {
  SampleUpdate most;
  new_thread_local(most, "most", kThreadPoolBytes - 64);
  SampleUpdate little;
  new_thread_local(little, "little", 65);
  Linked first(most);
  ASSERT_TRUE(first.good) << first.why;
  expect_refused(little, "need 65 bytes; the pool of 1024 has not so much left");
  little.builder.sections.back().header.sh_size = 64;
  little.builder.symbols.back().row.st_size = 64;
  Linked second(little);
  EXPECT_TRUE(second.good) << second.why;
}

TEST_F(LinkTest, WeakAndMissingIsZero) {
  SampleUpdate update;
  update.relocate(update.replace_add(kImmediate64), 2, R_X86_64_64,
                  update.import("wfp_nowhere", ImportKind::kFunction, format::kImportWeak), 0);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_EQ(linked.body<void *(*)()>("sample_add")(), nullptr);
}

TEST_F(LinkTest, HandleForDestructorsIsNear) {
  SampleUpdate update;
  update.relocate(update.replace_add(kAddressOf), 3, R_X86_64_PC32,
                  update.import("__dso_handle", ImportKind::kUnknown, format::kImportHidden), -4);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  std::uintptr_t handle = linked.body<std::uintptr_t (*)()>("sample_add")();
  EXPECT_EQ(handle >> 32, linked.function("sample_add").body >> 32);
}

TEST_F(LinkTest, PollStateIsTheImages) {
  SampleUpdate update;
  update.relocate(update.replace_add(kAddressOf), 3, R_X86_64_PC32,
                  update.import(format::kImageStateSymbol, ImportKind::kVariable, format::kImportHidden), -4);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  EXPECT_EQ(linked.body<format::ImageState *(*)()>("sample_add")(), linked->images[0]->state);
}

// ---- Refusals -----------------------------------------------------------------------------------------------------------

TEST_F(LinkTest, UnitsUnderAnotherKeyAreFoundByTheirId) {
  SampleUpdate update;
  update.builder.units[0].key = update.builder.string("elsewhere/sample/a.c|a.o");
  update.replace_add({0xc3});
  update.adds("fresh", update.function("fresh", {0xc3}));
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  linked.enter();
  SampleUpdate second(0x22, 0x66);
  second.relocate(second.replace_add({0xe9, 0, 0, 0, 0}), 1, R_X86_64_PLT32,
                  second.import("fresh", ImportKind::kFunction, format::kImportLocal), -4);
  second.builder.old_code.back().digest[0] ^= 1;
  Linked wrong(second);
  EXPECT_NE(wrong.why.find("sample_add in "), std::string::npos) << "the code is the first update's: " << wrong.why;
  SampleUpdate third(0x22, 0x66);
  third.adds("user", third.function("user", {0xe9, 0, 0, 0, 0}));
  third.relocate(third.builder.functions.back().symbol, 1, R_X86_64_PLT32,
                 third.import("fresh", ImportKind::kFunction, format::kImportLocal), -4);
  Linked right(third);
  EXPECT_TRUE(right.good) << right.why;
}

TEST_F(LinkTest, RefusesAnotherProgramsUpdate) {
  SampleUpdate update(0x99, 0x9a);
  update.builder.units[0].key = update.builder.string("elsewhere.c|elsewhere.o");
  expect_refused(update, "no unit of the update is in this process (the update is for elsewhere.c|elsewhere.o)");
}

TEST_F(LinkTest, RefusesAnotherBuild) {
  SampleUpdate update(0x44, 0x55);
  expect_refused(update, "unit sample/a.c|sample/a.o of ");
  expect_refused(update, "it has id 111111111111, the update starts from 444444444444");
  SampleUpdate done(0x44, kSampleId);
  expect_refused(done, "is already what the update would make of it (id 111111111111)");
}

TEST_F(LinkTest, RefusesOtherCode) {
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_add", {0xc3});
  Bytes masked = sample_add_masked();
  masked[7] ^= 1;
  update.old_code("sample_add", masked);
  update.replaces("sample_add", symbol);
  expect_refused(update, "sample_add in ");
  expect_refused(update, "is not the code that the update was made from");
}

TEST_F(LinkTest, RefusesOtherCodeInAnUnaffectedFunction) {
  SampleUpdate update;
  update.replace_add({0xc3});
  update.old_code("sample_split", {0, 0, 0, 0, 0, 0xcc, 0, 0, 0, 0}, {{0, 5}, {6, 4}}); // as a breakpoint would leave it
  expect_refused(update, "sample_split in ");
}

TEST_F(LinkTest, RefusesFunctionsWithoutASled) {
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_plain", {0xc3});
  update.old_code("sample_plain", {0xb8, 9, 0, 0, 0, 0xc3}, {}, format::kFunctionConvention);
  update.replaces("sample_plain", symbol);
  expect_refused(update, "sample_plain in ");
  expect_refused(update, "cannot be replaced: it has no sled");
}

TEST_F(LinkTest, FoldedFunctionsNeedOneBody) {
  const Bytes masked = {0, 0, 0, 0, 0, 0xb8, 7, 0, 0, 0, 0xc3};
  SampleUpdate one;
  std::uint32_t symbol = one.function("sample_fold_a", {0xc3});
  one.old_code("sample_fold_a", masked);
  one.replaces("sample_fold_a", symbol);
  expect_refused(one, "sample_fold_a in ");
  expect_refused(one, "shares its code with another function");

  SampleUpdate both;
  for (const char *name : {"sample_fold_a", "sample_fold_b"}) {
    symbol = both.function(name, {0xb8, 8, 0, 0, 0, 0xc3});
    both.old_code(name, masked);
    both.replaces(name, symbol);
  }
  {
    Linked linked(both);
    ASSERT_TRUE(linked.good) << linked.why;
    EXPECT_EQ(linked->functions.size(), 1u);
  }
  both.builder.sections[both.builder.symbols[symbol].row.st_shndx].bytes[6] = 9;
  expect_refused(both, "sample_fold_b and sample_fold_a in ");
  expect_refused(both, "were folded into one by the linker (ICF), and their new versions differ");
}

// sample_comdat's kept copy belongs to b.c, of which the update knows nothing; the digests say which copy it is.
TEST_F(LinkTest, CopiesOfComdatFunctions) {
  const Bytes kept = {0, 0, 0, 0, 0, 0xb8, 3, 0, 0, 0, 0xc3}, dropped = {0, 0, 0, 0, 0, 0xb8, 4, 0, 0, 0, 0xc3};
  const std::uint32_t flags = format::kFunctionSled | format::kSymbolComdat | format::kSymbolWeak;
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_comdat", {0xc3});
  update.old_code("sample_comdat", dropped, {{0, 5}}, flags);
  update.old_code("sample_comdat", kept, {{0, 5}}, flags);
  update.replaces("sample_comdat", symbol, format::kFunctionComdatGroup);
  update.builder.functions.back().old_code = 0;
  update.builder.functions.back().old_code_count = 2;
  {
    Linked linked(update);
    ASSERT_TRUE(linked.good) << linked.why;
    EXPECT_EQ(linked.function("sample_comdat").sled, reinterpret_cast<std::uintptr_t>(&sample_comdat));
  }
  update.builder.functions.back().old_code_count = 1;
  expect_refused(update, "sample_comdat in ");
  // Not affected: whoever's copy it is, it is nobody's business.
  update.builder.functions.clear();
  Linked unaffected(update);
  EXPECT_TRUE(unaffected.good) << unaffected.why;
}

TEST_F(LinkTest, RefusesForeignHooks) {
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_hooked", {0xc3});
  update.old_code("sample_hooked", {0, 0, 0, 0, 0, 0xb8, 2, 0, 0, 0, 0xc3}); // the sled itself is masked
  update.replaces("sample_hooked", symbol);
  expect_refused(update, "sample_hooked in ");
  expect_refused(update, "has no sled at its entry");
}

TEST_F(LinkTest, RefusesPartsThatCannotBeLocated) {
  SampleUpdate update;
  std::uint32_t symbol = update.function("sample_split", {0xc3});
  update.old_code("sample_split", {0, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0}, {{0, 5}, {6, 4}});
  update.builder.parts.push_back({6, 0x40000000, kColdBytes, 0});
  update.builder.old_code.back().part_count = 1;
  update.replaces("sample_split", symbol);
  expect_refused(update, "sample_split in ");
  expect_refused(update, "has a split part that cannot be located");
}

TEST_F(LinkTest, RefusesKeysThatAreThereTwice) {
  SampleUpdate update;
  update.builder.add_unit(kTwiceKey, kTwiceId, 0x45, 0);
  expect_refused(update, std::string("unit ") + kTwiceKey + " is 2 times in ");
}

TEST_F(LinkTest, RefusesCodeOfUnitsThatAreNotHere) {
  SampleUpdate update;
  std::uint32_t add = update.replace_add(kJump);
  std::uint32_t elsewhere = update.builder.add_unit("elsewhere.c|elsewhere.o", 5, 6, 0);
  std::uint32_t section = update.builder.add_section(".text.there", SHF_ALLOC | SHF_EXECINSTR, kSled + Bytes{0xc3});
  update.builder.loaded.push_back({section, elsewhere});
  std::uint32_t there = update.builder.add_symbol("there", section, 0, 6);
  update.relocate(add, 1, R_X86_64_PLT32, there, -4);
  expect_refused(update, "needs there of unit elsewhere.c|elsewhere.o, which this process does not have");
  update.builder.symbols[there].row.st_info = ELF64_ST_INFO(STB_WEAK, STT_FUNC); // a COMDAT function: any copy will do
  Linked linked(update);
  EXPECT_TRUE(linked.good) << linked.why;
}

TEST_F(LinkTest, RefusesIndirectFunctionsOfOtherLibraries) {
  ASSERT_EQ(library_present(), 6);
  SampleUpdate update;
  update.relocate(update.replace_add(kJump), 1, R_X86_64_PLT32, update.import("library_indirect", ImportKind::kFunction),
                  -4);
  expect_refused(update, "an indirect function (ifunc) that the image has not bound yet: library_indirect");
}

TEST_F(LinkTest, RefusesUndefinedSymbols) {
  SampleUpdate update;
  update.relocate(update.replace_add(kJump), 1, R_X86_64_PLT32, update.import("wfp_nowhere", ImportKind::kFunction), -4);
  expect_refused(update, "undefined symbol wfp_nowhere (needed by unit sample/a.c|sample/a.o in ");
}

TEST_F(LinkTest, LocalAndHiddenImportsStayAtHome) {
  for (std::uint32_t flag : {format::kImportLocal, format::kImportHidden}) {
    SampleUpdate update;
    update.relocate(update.replace_add(kJump), 1, R_X86_64_PLT32, update.import("getppid", ImportKind::kFunction, flag),
                    -4);
    expect_refused(update, "undefined symbol getppid");
  }
}

TEST_F(LinkTest, RefusesFieldsOutOfRange) {
  SampleUpdate absolute; // the test program is position-independent: far above 4 GiB
  absolute.relocate(absolute.replace_add(kImmediate32), 1, R_X86_64_32, absolute.import("sample_variable"), 0);
  expect_refused(absolute, "relocation R_X86_64_32 against sample_variable in section .text.sample_add: ");
  expect_refused(absolute, "does not fit into its field");
  SampleUpdate far;
  far.relocate(far.replace_add(kAddressOf), 3, R_X86_64_PC32, far.import("getppid", ImportKind::kFunction), -4);
  expect_refused(far, "relocation R_X86_64_PC32 against getppid in section .text.sample_add: ");
}

TEST_F(LinkTest, RefusesUnsupportedRelocations) {
  SampleUpdate update;
  update.relocate(update.replace_add(kAddressOf), 3, R_X86_64_GOTPC32_TLSDESC, update.import("sample_thread_local"), -4);
  expect_refused(update, "unsupported relocation R_X86_64_GOTPC32_TLSDESC (34) against sample_thread_local in section "
                         ".text.sample_add");
}

TEST_F(LinkTest, RefusesRelocationsOutsideTheirSection) {
  SampleUpdate update;
  update.relocate(update.replace_add(kAddressOf), 6, R_X86_64_PC32, update.import("sample_variable"), -4);
  expect_refused(update, "relocation R_X86_64_PC32 against sample_variable in section .text.sample_add lies outside");
}

TEST_F(LinkTest, RefusesAddressesOfThreadLocals) {
  SampleUpdate update;
  update.relocate(update.replace_add(kAddressOf), 3, R_X86_64_PC32,
                  update.import("sample_thread_local", ImportKind::kThreadLocal), -4);
  expect_refused(update, "against sample_thread_local in section .text.sample_add: a thread-local variable has no address");
  SampleUpdate variable;
  variable.relocate(variable.replace_add(kThreadLocalLe), 4, R_X86_64_TPOFF32, variable.import("sample_variable"), 0);
  expect_refused(variable, "against sample_variable in section .text.sample_add: not a thread-local variable");
}

TEST_F(LinkTest, RefusesSectionsThatCannotBeLoaded) {
  struct {
    const char *name;
    std::uint64_t flags;
    std::uint32_t type;
    std::uint64_t alignment;
    const char *reason;
  } const cases[] = {
      {".tdata.x", SHF_WRITE | SHF_TLS, SHT_PROGBITS, 4, "new thread-local variable inhabitant (section .tdata.x) has an initial value"},
      {".tbss.x", SHF_WRITE | SHF_TLS, SHT_NOBITS, 128, "new thread-local variable inhabitant (section .tbss.x) has an "},
      {".init_array", SHF_WRITE, SHT_INIT_ARRAY, 8, "section .init_array holds initialisers"},
      {".fini_array", SHF_WRITE, SHT_FINI_ARRAY, 8, "section .fini_array holds initialisers"},
      {".ctors", SHF_WRITE, SHT_PROGBITS, 8, "section .ctors holds initialisers"},
      {".both", SHF_WRITE | SHF_EXECINSTR, SHT_PROGBITS, 8, "section .both is both writable and executable"},
      {".huge", 0, SHT_PROGBITS, 8192, "section .huge (inhabitant) needs an alignment of 8192"},
      {".odd", 0, SHT_LOUSER, 8, "unsupported section .odd of type "},
  };
  for (const auto &test : cases) {
    SampleUpdate update;
    update.replace_add({0xc3});
    std::uint32_t section = update.section(test.name, test.flags, Bytes(16), test.type);
    update.builder.sections[section].header.sh_addralign = test.alignment;
    update.builder.add_symbol("inhabitant", section, 0, 4, STB_LOCAL, STT_OBJECT);
    expect_refused(update, test.reason);
  }
}

TEST_F(LinkTest, RefusesDamage) {
  SampleUpdate twice;
  twice.replace_add({0xc3});
  twice.builder.loaded.push_back(twice.builder.loaded[0]);
  expect_refused(twice, "damaged manifest: section .text.sample_add is given to two units");
  SampleUpdate unlisted;
  std::uint32_t add = unlisted.replace_add(kJump);
  unlisted.relocate(add, 1, R_X86_64_PLT32, unlisted.builder.add_symbol("unlisted", SHN_UNDEF), -4);
  expect_refused(unlisted, "damaged: symbol unlisted is undefined and not an import");
  SampleUpdate homeless;
  add = homeless.replace_add(kLoad);
  std::uint32_t section = homeless.builder.add_section(".rodata.homeless", SHF_ALLOC, Bytes(4));
  homeless.relocate(add, 2, R_X86_64_PC32, homeless.builder.add_symbol("homeless", section, 0, 4), -4);
  expect_refused(homeless, "needs homeless in section .rodata.homeless, which belongs to no unit");
}

// Damage behind a right digest: refused or linked, never a crash, and nothing is left behind.
TEST_F(LinkTest, SurvivesDamage) {
  SampleUpdate update;
  std::uint32_t add = update.replace_add(kJump);
  update.relocate(add, 1, R_X86_64_PLT32, update.import("getppid", ImportKind::kFunction), -4);
  std::uint32_t fresh = update.function("fresh", kThreadLocalIe);
  update.adds("fresh", fresh);
  update.relocate(fresh, 3, R_X86_64_GOTTPOFF, update.import("sample_thread_local", ImportKind::kThreadLocal), -4);
  update.old_code("sample_split", {0, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0}, {{0, 5}, {6, 4}});
  update.builder.parts.push_back({6, -4, kColdBytes, 0});
  update.builder.old_code.back().part_count = 1;
  update.replaces("sample_split", update.function("sample_split", {0xc3}));
  update.zeros("zeros", 5000);
  const Bytes file = update.builder.finish();
  std::mt19937 random(2);
  int accepted = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes damaged = file;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      static constexpr std::uint8_t kValues[] = {0, 1, 2, 4, 0x7f, 0x80, 0xff};
      damaged[random() % damaged.size()] = kValues[random() % sizeof kValues];
    }
    format::test::seal(damaged);
    LinkedUpdate result = {};
    Message why;
    if (link_update(damaged.data(), damaged.size(), result, why)) {
      ++accepted;
      enter_update(result);
      leave_update(result);
      unlink_update(result);
    } else {
      ++refused;
      EXPECT_GT(why.size(), 0u);
    }
  }
  EXPECT_GT(accepted, 50);
  EXPECT_GT(refused, 50);
}

// ---- One update after another -------------------------------------------------------------------------------------------

TEST_F(LinkTest, UpdatesStack) {
  SampleUpdate first(kSampleId, 0x22);
  first.replace_add({0xb8, 1, 0, 0, 0, 0xc3});
  first.adds("fresh", first.function("fresh", {0xb8, 10, 0, 0, 0, 0xc3}));
  Linked a(first);
  ASSERT_TRUE(a.good) << a.why;

  // Made from the first: it replaces what that gave and what that added, and refers to what that added.
  SampleUpdate second(0x22, 0x66);
  std::uint32_t add = second.function("sample_add", kAddressOf);
  second.relocate(add, 3, R_X86_64_PC32, second.import("fresh", ImportKind::kFunction, format::kImportLocal), -4);
  second.old_code("sample_add", {0, 0, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xc3});
  second.replaces("sample_add", add);
  std::uint32_t fresh = second.function("fresh", {0xb8, 11, 0, 0, 0, 0xc3});
  second.old_code("fresh", {0, 0, 0, 0, 0, 0xb8, 10, 0, 0, 0, 0xc3});
  second.replaces("fresh", fresh);
  expect_refused(second, "it has id 111111111111, the update starts from 222222222222");

  a.enter();
  Message why;
  EXPECT_FALSE(check_update_applies(*a, why));
  EXPECT_NE(std::string(why.c_str()).find("is not in the state that the update starts from"), std::string::npos);
  {
    Linked b(second);
    ASSERT_TRUE(b.good) << b.why;
    const LinkedFunction &again = b.function("sample_add");
    EXPECT_EQ(again.sled, reinterpret_cast<std::uintptr_t>(&sample_add)) << "its identity is its first entry";
    ASSERT_EQ(again.old_range_count, 1u);
    EXPECT_EQ(again.old_ranges[0].end, again.sled + kAddBytes) << "the original code, not the first update's";
    const LinkedFunction &added = b.function("fresh");
    EXPECT_EQ(added.sled, a.function("fresh").body - 5);
    EXPECT_EQ(added.old_ranges[0].begin, a.function("fresh").body);
    EXPECT_EQ(b.body<std::uintptr_t (*)()>("sample_add")(), added.sled) << "references mean the original entry";
    b.enter();
    // A third, made from the second.
    SampleUpdate third(0x66, 0x77);
    third.old_code("fresh", {0, 0, 0, 0, 0, 0xb8, 11, 0, 0, 0, 0xc3});
    third.replaces("fresh", third.function("fresh", {0xc3}));
    Linked c(third);
    EXPECT_TRUE(c.good) << c.why;
    EXPECT_EQ(c.function("fresh").sled, added.sled);
    b.leave();
    Linked too_early(third);
    EXPECT_FALSE(too_early.good);
  }
  a.leave();
  Message clear;
  EXPECT_TRUE(check_update_applies(*a, clear)) << clear.c_str();
  EXPECT_EQ(clear.size(), 0u);
  expect_refused(second, "it has id 111111111111");
}

TEST_F(LinkTest, RenamedSymbolsKeepTheirIdentity) {
  SampleUpdate first(kSampleId, 0x22);
  first.builder.definitions.push_back({first.unit, first.builder.string("sample_add.llvm.2"), format::kNone,
                                       first.builder.string("sample_add"),
                                       static_cast<std::uint32_t>(ImportKind::kFunction), 0});
  Linked a(first);
  ASSERT_TRUE(a.good) << a.why;
  a.enter();
  SampleUpdate second(0x22, 0x66);
  std::uint32_t symbol = second.function("sample_add.llvm.3", {0xc3});
  second.old_code("sample_add.llvm.2", sample_add_masked());
  second.replaces("sample_add.llvm.2", symbol);
  Linked b(second);
  ASSERT_TRUE(b.good) << b.why;
  EXPECT_EQ(b.function("sample_add.llvm.2").sled, reinterpret_cast<std::uintptr_t>(&sample_add));
}

TEST_F(LinkTest, NewUnitsFollowTheirUsers) {
  SampleUpdate update;
  std::uint32_t add = update.replace_add(kJump);
  std::uint32_t fresh_unit = update.builder.add_unit("sample/new.c|sample/new.o", 0, 9, format::kUnitNew);
  std::uint32_t section = update.builder.add_section(".text.in_new", SHF_ALLOC | SHF_EXECINSTR,
                                                     kSled + Bytes{0xb8, 12, 0, 0, 0, 0xc3});
  update.builder.loaded.push_back({section, fresh_unit});
  update.relocate(add, 1, R_X86_64_PLT32, update.builder.add_symbol("in_new", section, 0, 11), -4);
  std::uint32_t idle = update.builder.add_unit("sample/idle.c|sample/idle.o", 0, 10, format::kUnitNew);
  update.builder.loaded.push_back({update.builder.add_section(".data.idle", SHF_ALLOC | SHF_WRITE, Bytes(4)), idle});
  {
    Linked linked(update);
    ASSERT_TRUE(linked.good) << linked.why;
    EXPECT_EQ(linked.body<int (*)()>("sample_add")(), 12);
    EXPECT_EQ(linked->skipped_units, 1u) << "nobody refers to idle.c";
    linked.enter();
    // From now on the image has the unit, and an update may start from it.
    SampleUpdate second(0x22, 0x66);
    std::uint32_t grown = second.builder.add_unit("sample/new.c|sample/new.o", 9, 13, 0);
    (void)grown;
    Linked b(second);
    EXPECT_TRUE(b.good) << b.why;
    EXPECT_EQ(b->skipped_units, 0u);
    linked.leave();
    Linked gone(second);
    EXPECT_FALSE(gone.good);
  }
}

TEST_F(LinkTest, ReinitialisedVariables) {
  SampleUpdate update;
  update.replace_add({0xc3});
  std::uint32_t section = update.section(".data.rel.ro.reinit", SHF_WRITE, {99, 0, 0, 0});
  std::uint32_t value = update.builder.add_symbol("reinit.sample_variable", section, 0, 4, STB_LOCAL, STT_OBJECT);
  update.builder.remarks.push_back({static_cast<std::uint32_t>(format::RemarkKind::kReinit), update.unit,
                                    update.builder.string("sample_variable"), value});
  {
    Linked linked(update);
    ASSERT_TRUE(linked.good) << linked.why;
    ASSERT_EQ(linked->reinits.size(), 1u);
    EXPECT_EQ(linked->reinits[0].address, &sample_variable);
    ASSERT_EQ(linked->reinits[0].size, 4u);
    int fresh;
    std::memcpy(&fresh, linked->reinits[0].bytes, 4);
    EXPECT_EQ(fresh, 99);
  }
  update.builder.symbols[value].row.st_size = 3;
  expect_refused(update, "--reinit sample_variable: its size is 4, that of its new initial value 3");
}

// ---- Debuggers -----------------------------------------------------------------------------------------------------------

extern "C" {
struct JitEntry {
  JitEntry *next, *previous;
  const std::uint8_t *object;
  std::uint64_t size;
};
// As gdb declares it; the runtime's.
extern struct {
  std::uint32_t version, action;
  JitEntry *relevant, *first;
} __jit_debug_descriptor;
}

TEST_F(LinkTest, DebuggersSeeWhereSectionsAre) {
  ASSERT_EQ(__jit_debug_descriptor.first, nullptr);
  SampleUpdate update;
  update.replace_add({0xc3});
  {
    Linked linked(update);
    ASSERT_TRUE(linked.good) << linked.why;
    ASSERT_TRUE(__jit_debug_descriptor.first);
    const JitEntry &entry = *__jit_debug_descriptor.first;
    const auto *header = reinterpret_cast<const Elf64_Ehdr *>(entry.object);
    const auto *sections = reinterpret_cast<const Elf64_Shdr *>(entry.object + header->e_shoff);
    EXPECT_EQ(sections[1].sh_addr, linked.function("sample_add").body - 5);
    Linked second(update);
    EXPECT_EQ(__jit_debug_descriptor.first->next, &entry);
    EXPECT_EQ(entry.previous, __jit_debug_descriptor.first);
  }
  EXPECT_EQ(__jit_debug_descriptor.first, nullptr);
  EXPECT_EQ(__jit_debug_descriptor.action, 2u);
}

// ---- Exceptions ---------------------------------------------------------------------------------------------------------

void throw_runtime_error() { throw std::runtime_error("through the update"); }

// A CIE ("zR", pc-relative) and the FDE of a function that moves the stack pointer by 8 between its 9th and its 15th byte.
Bytes frame_table(std::uint8_t function_bytes) {
  return {20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0,
          28, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, function_bytes, 0, 0, 0, 0,
          0x40 | 9, 0x0e, 16,  // advance 9: sled and sub; CFA = rsp + 16
          0x40 | 6, 0x0e, 8,   // advance 6: call and add
          0, 0, 0, 0, 0, 0, 0, 0, 0};
}

TEST_F(LinkTest, ExceptionsUnwindThroughNewCode) {
  SampleUpdate update;
  // sub $8, %rsp; call *%rdi; add $8, %rsp; ret
  std::uint32_t add = update.replace_add({0x48, 0x83, 0xec, 8, 0xff, 0xd7, 0x48, 0x83, 0xc4, 8, 0xc3});
  std::uint32_t frames = update.section(".eh_frame", 0, frame_table(16));
  update.builder.add_relocation(frames, 32, R_X86_64_PC32, add, 0);
  Linked linked(update);
  ASSERT_TRUE(linked.good) << linked.why;
  auto call = linked.body<void (*)(void (*)())>("sample_add");
  for (int i = 0; i < 3; ++i) {
    try {
      call(throw_runtime_error);
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error &error) {
      EXPECT_STREQ(error.what(), "through the update");
    }
  }
}

TEST_F(LinkTest, RefusesDamagedFrames) {
  for (std::size_t at : {std::size_t{0}, std::size_t{24}, std::size_t{28}}) {
    SampleUpdate update;
    std::uint32_t add = update.replace_add({0xc3});
    Bytes table = frame_table(16);
    table[at + 1] = 0x7f; // lengths and the CIE pointer
    std::uint32_t frames = update.section(".eh_frame", 0, table);
    update.builder.add_relocation(frames, 32, R_X86_64_PC32, add, 0);
    expect_refused(update, "damaged: .eh_frame entry at ");
  }
}

} // namespace
} // namespace wfp::test
