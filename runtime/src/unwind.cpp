#include "runtime/src/unwind.h"

#include "runtime/src/base/arena.h"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <dlfcn.h>
#include <link.h>

namespace wfp {

namespace {

struct RangeArray {
  std::size_t count;
  UnwindRange ranges[];
};
std::atomic<const RangeArray *> published = nullptr;

using FindObject = int (*)(void *, dl_find_object *);
using IteratePhdr = int (*)(int (*)(dl_phdr_info *, std::size_t, void *), void *);
std::atomic<FindObject> real_find_object = nullptr;
std::atomic<IteratePhdr> real_iterate_phdr = nullptr;

// Relaxed: a function's address; whoever finds none looks it up again, with the same result.
FindObject find_object() {
  FindObject function = real_find_object.load(std::memory_order_relaxed);
  if (!function) {
    function = reinterpret_cast<FindObject>(dlsym(RTLD_NEXT, "_dl_find_object"));
    real_find_object.store(function, std::memory_order_relaxed);
  }
  return function;
}

IteratePhdr iterate_phdr() {
  IteratePhdr function = real_iterate_phdr.load(std::memory_order_relaxed);
  if (!function) {
    function = reinterpret_cast<IteratePhdr>(dlsym(RTLD_NEXT, "dl_iterate_phdr"));
    real_iterate_phdr.store(function, std::memory_order_relaxed);
  }
  return function;
}

constinit Immortal<Arena> arrays; // control thread only; a reader may be in any of them for ever

RangeArray *make_array(std::size_t count) {
  void *memory = arrays.get().allocate(sizeof(RangeArray) + count * sizeof(UnwindRange));
  auto *array = static_cast<RangeArray *>(memory);
  if (array)
    array->count = count;
  return array;
}

} // namespace

void resolve_unwind_interposers() {
  find_object();
  iterate_phdr();
}

bool register_code_unwind(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t header, Message &why) {
  const RangeArray *old = published.load(std::memory_order_relaxed); // only this thread writes it
  std::size_t count = old ? old->count : 0;
  RangeArray *fresh = make_array(count + 1);
  if (!fresh) {
    why << "no memory for the table of unwind information";
    return false;
  }
  std::size_t at = 0;
  while (at < count && old->ranges[at].begin < begin)
    ++at;
  if (count) {
    std::memcpy(fresh->ranges, old->ranges, at * sizeof(UnwindRange));
    std::memcpy(fresh->ranges + at + 1, old->ranges + at, (count - at) * sizeof(UnwindRange));
  }
  fresh->ranges[at] = {begin, end, header};
  // Release: pairs with the acquire in find_code_unwind; the table at `header` is mapped and complete, too.
  published.store(fresh, std::memory_order_release);
  return true;
}

void unregister_code_unwind(std::uintptr_t begin) {
  const RangeArray *old = published.load(std::memory_order_relaxed);
  std::size_t count = old ? old->count : 0, at = 0;
  while (at < count && old->ranges[at].begin != begin)
    ++at;
  if (at == count)
    return;
  RangeArray *fresh = make_array(count - 1);
  if (!fresh)
    return; // the range stays; nobody runs there
  std::memcpy(fresh->ranges, old->ranges, at * sizeof(UnwindRange));
  std::memcpy(fresh->ranges + at, old->ranges + at + 1, (count - 1 - at) * sizeof(UnwindRange));
  published.store(fresh, std::memory_order_release); // as above
}

bool find_code_unwind(std::uintptr_t address, UnwindRange &found) {
  const RangeArray *array = published.load(std::memory_order_acquire); // pairs with register_code_unwind
  if (!array)
    return false;
  std::size_t low = 0, high = array->count;
  while (low < high) { // the first range that begins behind the address
    std::size_t middle = (low + high) / 2;
    if (array->ranges[middle].begin <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || address >= array->ranges[low - 1].end)
    return false;
  found = array->ranges[low - 1];
  return true;
}

} // namespace wfp

extern "C" {

// Application threads.  The program's own objects stay the dynamic linker's business.
__attribute__((visibility("default"))) int _dl_find_object(void *address, dl_find_object *result) {
  wfp::UnwindRange range;
  if (wfp::find_code_unwind(reinterpret_cast<std::uintptr_t>(address), range)) {
    std::memset(result, 0, sizeof *result);
    result->dlfo_map_start = reinterpret_cast<void *>(range.begin);
    result->dlfo_map_end = reinterpret_cast<void *>(range.end);
    result->dlfo_eh_frame = reinterpret_cast<void *>(range.header);
    return 0;
  }
  wfp::FindObject real = wfp::find_object();
  return real ? real(address, result) : -1;
}

__attribute__((visibility("default"))) int dl_iterate_phdr(int (*callback)(dl_phdr_info *, std::size_t, void *),
                                                           void *data) {
  if (wfp::IteratePhdr real = wfp::iterate_phdr())
    if (int result = real(callback, data))
      return result;
  // Acquire: pairs with register_code_unwind.
  const wfp::RangeArray *array = wfp::published.load(std::memory_order_acquire);
  for (std::size_t i = 0; array && i < array->count; ++i) {
    const wfp::UnwindRange &range = array->ranges[i];
    // A load segment and the unwind table, relative to the code: all that an unwinder asks for.
    Elf64_Phdr segments[2] = {};
    segments[0].p_type = PT_LOAD;
    segments[0].p_flags = PF_R | PF_X;
    segments[0].p_memsz = segments[0].p_filesz = range.end - range.begin;
    segments[1].p_type = PT_GNU_EH_FRAME;
    segments[1].p_flags = PF_R;
    segments[1].p_vaddr = range.header - range.begin;
    dl_phdr_info info = {};
    info.dlpi_addr = range.begin;
    info.dlpi_name = "wfpatch-update";
    info.dlpi_phdr = segments;
    info.dlpi_phnum = 2;
    // Without dlpi_adds and dlpi_subs: unwinders cache by those, and they do not count this.
    if (int result = callback(&info, offsetof(dl_phdr_info, dlpi_adds), data))
      return result;
  }
  return 0;
}

} // extern "C"
