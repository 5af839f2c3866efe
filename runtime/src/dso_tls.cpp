// Which module number and which place in the static thread-local storage an object has, the link map does not say
// (publicly); dl_iterate_phdr does, and is asked once, on the thread that initialises the runtime.  That is enough for the
// objects that were there at start: theirs never change.
#include "runtime/src/dso.h"

#include <cstring>
#include <link.h>

namespace wfp {

namespace {

struct CapturedModule {
  std::uintptr_t phdrs; // where its program headers are mapped: identifies the object
  std::size_t id;
  std::intptr_t thread_offset;
};
constexpr std::size_t kMaxModules = 512;
CapturedModule captured[kMaxModules];
std::size_t captured_count = 0;

int capture(dl_phdr_info *info, std::size_t size, void *) {
  if (size < offsetof(dl_phdr_info, dlpi_tls_data) + sizeof info->dlpi_tls_data || info->dlpi_tls_modid == 0 ||
      !info->dlpi_tls_data || captured_count == kMaxModules)
    return 0;
  // The ABI's thread pointer: %fs:0 holds its own address.
  auto thread_pointer = reinterpret_cast<std::intptr_t>(__builtin_thread_pointer());
  captured[captured_count++] = {reinterpret_cast<std::uintptr_t>(info->dlpi_phdr), info->dlpi_tls_modid,
                                reinterpret_cast<std::intptr_t>(info->dlpi_tls_data) - thread_pointer};
  return 0;
}

} // namespace

void capture_tls_modules() {
  captured_count = 0;
  dl_iterate_phdr(capture, nullptr);
}

bool tls_module_of(const Dso &dso, TlsModule &module) {
  if (!dso.startup)
    return false;
  for (std::size_t i = 0; i < captured_count; ++i) {
    if (captured[i].phdrs < dso.low || captured[i].phdrs >= dso.high)
      continue;
    module.id = captured[i].id;
    module.thread_offset = captured[i].thread_offset;
    module.has_thread_offset = true;
    return true;
  }
  return false;
}

} // namespace wfp
