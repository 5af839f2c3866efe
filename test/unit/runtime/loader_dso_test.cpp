#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "runtime/src/linker_index.h"
#include "runtime/src/process_memory.h"
#include "test/unit/runtime/loader_sample.h"

#include <atomic>
#include <cstdio>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace wfp {
namespace {

void refresh() {
  Message why;
  ASSERT_TRUE(refresh_images(why)) << why.c_str();
}

Dso *find_dso(const std::string &part) {
  for (std::size_t i = 0; i < dso_count(); ++i)
    if (!dso_at(i).gone && std::string(dso_at(i).path).find(part) != std::string::npos)
      return &dso_at(i);
  return nullptr;
}

// Names in the dynamic symbol table of a file, hidden versions included.
std::vector<std::string> dynamic_names(const char *path) {
  std::vector<std::string> names;
  FILE *file = std::fopen(path, "rb");
  if (!file)
    return names;
  std::string bytes;
  char piece[65536];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, file)) > 0;)
    bytes.append(piece, got);
  std::fclose(file);
  const auto *header = reinterpret_cast<const Elf64_Ehdr *>(bytes.data());
  const auto *sections = reinterpret_cast<const Elf64_Shdr *>(bytes.data() + header->e_shoff);
  for (int i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM)
      continue;
    const auto *symbols = reinterpret_cast<const Elf64_Sym *>(bytes.data() + sections[i].sh_offset);
    const char *text = bytes.data() + sections[sections[i].sh_link].sh_offset;
    for (std::size_t s = 1; s < sections[i].sh_size / sizeof(Elf64_Sym); ++s)
      names.push_back(text + symbols[s].st_name);
  }
  return names;
}

TEST(Dso, FindsWhatDlIteratePhdrFinds) {
  refresh();
  std::set<std::uintptr_t> expected, found;
  dl_iterate_phdr(
      [](dl_phdr_info *info, std::size_t, void *data) {
        if (std::string(info->dlpi_name) != "wfpatch-update")
          static_cast<std::set<std::uintptr_t> *>(data)->insert(info->dlpi_addr);
        return 0;
      },
      &expected);
  for (std::size_t i = 0; i < dso_count(); ++i)
    if (!dso_at(i).gone)
      found.insert(dso_at(i).bias);
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(dso_at(0).main_program);
  EXPECT_TRUE(dso_at(0).startup);
}

// Every name that libc and libstdc++ export: the same address as dlsym() says.
class SymbolLookup : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Libraries, SymbolLookup, testing::Values("libc.so.6", "libstdc++.so.6", "libm.so.6"),
                         [](const auto &info) { return std::string(info.param).substr(3, 1) + std::to_string(info.index); });

TEST_P(SymbolLookup, AgreesWithDlsym) {
  refresh();
  Dso *dso = find_dso(GetParam());
  ASSERT_TRUE(dso);
  void *handle = dlopen(GetParam(), RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_TRUE(handle);
  std::size_t compared = 0, missing = 0;
  for (const std::string &name : dynamic_names(dso->path)) {
    DsoSymbol found;
    bool here = find_dynamic_symbol(*dso, name.c_str(), found);
    void *expected = dlsym(handle, name.c_str()); // looks into what the library needs, too
    if (!here) {
      Dl_info info;
      if (expected && dladdr(expected, &info) && info.dli_fbase == reinterpret_cast<void *>(dso->bias) && info.dli_sname &&
          name == info.dli_sname)
        ADD_FAILURE() << name << " is at " << expected << " and was not found";
      ++missing;
      continue;
    }
    if (found.type == STT_TLS)
      continue;
    if (found.type == STT_GNU_IFUNC)
      found.address = reinterpret_cast<std::uintptr_t (*)()>(found.address)();
    EXPECT_EQ(found.address, reinterpret_cast<std::uintptr_t>(expected)) << name;
    ++compared;
  }
  EXPECT_GT(compared, 500u);
  DsoSymbol nothing;
  EXPECT_FALSE(find_dynamic_symbol(*dso, "wfp_no_such_symbol", nothing));
  EXPECT_FALSE(find_dynamic_symbol(*dso, "", nothing));
  dlclose(handle);
}

TEST(Dso, ScopeOfTheProgramIsTheGlobalOne) {
  refresh();
  for (const char *name : {"printf", "strtol", "_ZSt9terminatev", "pthread_create", "dl_iterate_phdr"}) {
    DsoSymbol found;
    ASSERT_TRUE(find_in_scope(dso_at(0), name, found)) << name;
    EXPECT_EQ(found.address, reinterpret_cast<std::uintptr_t>(dlsym(RTLD_DEFAULT, name))) << name;
  }
}

// A library that nobody needs: comes, is found, and goes.
TEST(Dso, FollowsDlopenAndDlclose) {
  refresh();
  const char *const kLibrary = "libresolv.so.2";
  if (find_dso(kLibrary))
    GTEST_SKIP() << kLibrary << " is there already";
  void *handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(handle) << dlerror();
  refresh();
  Dso *dso = find_dso(kLibrary);
  ASSERT_TRUE(dso);
  EXPECT_FALSE(dso->startup);
  EXPECT_FALSE(dso->direct);
  EXPECT_EQ(dso->link_map, reinterpret_cast<std::uintptr_t>(handle));
  DsoSymbol found;
  ASSERT_TRUE(find_dynamic_symbol(*dso, "ns_name_ntop", found) || find_dynamic_symbol(*dso, "__b64_ntop", found));
  const char *name = dlsym(handle, "__b64_ntop") ? "__b64_ntop" : "ns_name_ntop";
  ASSERT_TRUE(find_dynamic_symbol(*dso, name, found));
  EXPECT_EQ(found.address, reinterpret_cast<std::uintptr_t>(dlsym(handle, name)));
  EXPECT_FALSE(find_in_scope(dso_at(0), name, found)) << "RTLD_LOCAL";
  EXPECT_TRUE(find_in_scope(*dso, name, found));
  EXPECT_TRUE(find_in_scope(*dso, "printf", found));
  dlclose(handle);
  refresh();
  EXPECT_TRUE(dso->gone);
  EXPECT_FALSE(find_dynamic_symbol(*dso, name, found));
}

TEST(Dso, PinnedLibrariesSurviveDlclose) {
  const char *const kLibrary = "librt.so.1";
  void *handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    GTEST_SKIP() << dlerror();
  refresh();
  Dso *dso = find_dso(kLibrary);
  ASSERT_TRUE(dso);
  Message why;
  ASSERT_TRUE(pin_dso(*dso, why)) << why.c_str();
  EXPECT_TRUE(dso->direct);
  {
    CloseGuard guard; // what the runtime's dlclose() does
    dlclose(handle);
  }
  refresh();
  EXPECT_FALSE(dso->gone);
}

// What the control thread writes to and what dlclose() unmaps exclude each other, and neither waits for the other.
TEST(Dso, ImagesAreHeldOrClosed) {
  refresh();
  {
    ImageHold hold;
    ASSERT_TRUE(hold);
    CloseGuard late;
    EXPECT_FALSE(late.may_unmap());
  }
  {
    CloseGuard guard;
    EXPECT_TRUE(guard.may_unmap());
    ImageHold hold;
    EXPECT_FALSE(hold);
  }
  CloseGuard guard;
  EXPECT_TRUE(guard.may_unmap());
}

// In the child only the forking thread's own calls go on.
TEST(Dso, ForkForgetsClosesOfOtherThreads) {
  refresh();
  std::atomic<int> step = 0;
  std::thread closer([&] {
    CloseGuard guard;
    step = 1;
    while (step != 2)
      std::this_thread::yield();
  });
  while (step != 1)
    std::this_thread::yield();
  EXPECT_FALSE(ImageHold());
  pid_t child = fork();
  if (child == 0) {
    forget_closes_of_other_threads();
    Message why;
    bool well = open_process_memory(why) && ImageHold();
    CloseGuard own;
    forget_closes_of_other_threads();
    _exit(well && !ImageHold() ? 0 : 1);
  }
  step = 2;
  closer.join();
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Libraries come and go on another thread while the list is brought up to date and searched: nothing is read that may vanish.
TEST(Dso, SurvivesConcurrentDlopenAndDlclose) {
  refresh();
  std::atomic<bool> done = false;
  std::thread loader([&] {
    for (int round = 0; round < 300; ++round)
      for (const char *name : {"libresolv.so.2", "libanl.so.1", "libutil.so.1"})
        if (void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL))
          dlclose(handle);
    done = true;
  });
  int refreshed = 0, busy = 0;
  while (!done) {
    Message why;
    if (!refresh_images(why)) {
      EXPECT_NE(std::string(why.c_str()).find("the dynamic linker is busy"), std::string::npos) << why.c_str();
      ++busy;
      continue;
    }
    ++refreshed;
    DsoSymbol found;
    for (std::size_t i = 0; i < dso_count(); ++i)
      (void)find_dynamic_symbol(dso_at(i), "__b64_ntop", found);
    EXPECT_FALSE(find_in_scope(dso_at(0), "wfp_no_such_symbol", found));
  }
  loader.join();
  EXPECT_GT(refreshed, 0);
  refresh();
  EXPECT_FALSE(find_dso("libanl.so.1"));
}

TEST(Dso, WaitsForTheDynamicLinkerButNotForEver) {
  refresh();
  r_debug *debug = nullptr;
  for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_DEBUG)
      debug = reinterpret_cast<r_debug *>(entry->d_un.d_ptr);
  ASSERT_TRUE(debug);
  debug->r_state = r_debug::RT_ADD; // as if another thread were in dlopen
  Message why;
  EXPECT_FALSE(refresh_images(why));
  EXPECT_STREQ(why.c_str(), "the dynamic linker is busy (dlopen or dlclose on another thread): try again");
  debug->r_state = r_debug::RT_CONSISTENT;
  refresh();
}

TEST(ProcessMemory, ReadingUnmappedMemoryFails) {
  void *page = mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(static_cast<char *>(page) + 4096, 4096);
  std::uint64_t value = 0;
  std::uintptr_t address = reinterpret_cast<std::uintptr_t>(page);
  EXPECT_TRUE(read_memory(address, &value, sizeof value));
  EXPECT_FALSE(read_memory(address + 4092, &value, sizeof value));
  EXPECT_FALSE(read_memory(address + 4096, &value, sizeof value));
  munmap(page, 4096);
}

TEST(Dso, ThreadLocalOfTheProgram) {
  refresh();
  TlsModule module;
  ASSERT_TRUE(tls_module_of(dso_at(0), module));
  EXPECT_EQ(module.id, 1u);
  ASSERT_TRUE(module.has_thread_offset);
  EXPECT_LT(module.thread_offset, 0);
}

Image *sample_image() {
  refresh();
  for (std::size_t i = 0; i < image_count(); ++i)
    for (const Unit &unit : image_at(i).units)
      if (std::string(unit.key) == test::kSampleKey)
        return &image_at(i);
  return nullptr;
}

TEST(Image, HasUnitsAndRecords) {
  Image *image = sample_image();
  ASSERT_TRUE(image);
  EXPECT_EQ(image->dso, &dso_at(0));
  EXPECT_TRUE(image->state);
  Message why;
  ASSERT_TRUE(index_unit_keys(*image, why) && index_image(*image, why)) << why.c_str();
  UnitMatch match = find_unit(*image, test::kSampleKey);
  ASSERT_EQ(match.count, 1u);
  EXPECT_EQ(find_unit(*image, "sample/none.c|none.o").count, 0u);
  EXPECT_EQ(image->units[match.unit].id[31], test::kSampleId);
  auto hash = [](const std::string &name) { return format::name_hash(name.data(), name.size()); };
  const RecordEntry *add = image->index->function(hash("sample_add"), match.unit);
  ASSERT_TRUE(add);
  EXPECT_EQ(add->address, reinterpret_cast<std::uintptr_t>(&test::sample_add));
  EXPECT_FALSE(image->index->function(hash("sample_add"), find_unit(*image, test::kOtherKey).unit));
  EXPECT_EQ(image->index->global_function(hash("sample_add")), add);
  EXPECT_FALSE(image->index->global_function(hash("sample_fold_b"))) << "it is local";
  const RecordEntry *variable = image->index->variable(hash("sample_variable"), match.unit);
  ASSERT_TRUE(variable);
  EXPECT_EQ(variable->address, reinterpret_cast<std::uintptr_t>(&test::sample_variable));
  EXPECT_EQ(variable->size, 4u);
  EXPECT_TRUE(image->index->thread_local_variable(hash("sample_thread_local"), match.unit));
}

} // namespace
} // namespace wfp
