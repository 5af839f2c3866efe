// Which module number and which place in the static thread-local storage an object has, the link map does not say
// (publicly); dl_iterate_phdr does, and is asked once, on the thread that initialises the runtime.  That is enough for the
// objects that were there at start: theirs never change.
//
// The pool for new thread-locals is initial-exec storage of the runtime: an offset from the thread pointer that holds for
// every thread, also for those that exist already.  It is small, since a program that dlopens a library linked with the
// runtime must fit it into what the dynamic linker keeps spare for that (1664 bytes by default, for all such libraries).
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

constexpr std::size_t kPoolAlignment = 64;
alignas(kPoolAlignment) thread_local char pool[kThreadPoolBytes] __attribute__((tls_model("initial-exec")));
std::intptr_t pool_offset = 0; // from the thread pointer; 0: not captured
std::size_t pool_used = 0;

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
  pool_offset = reinterpret_cast<std::intptr_t>(&pool) - reinterpret_cast<std::intptr_t>(__builtin_thread_pointer());
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

bool thread_pool(TlsModule &module, std::intptr_t &first) {
  first = pool_offset;
  bool found = false;
  for (std::size_t i = 0; pool_offset && i < captured_count; ++i) {
    // The module whose block begins closest below the pool holds it.
    if (captured[i].thread_offset > pool_offset || (found && captured[i].thread_offset < module.thread_offset))
      continue;
    module = {captured[i].id, captured[i].thread_offset, true};
    found = true;
  }
  return found;
}

std::intptr_t take_thread_storage(std::size_t bytes) {
  bytes = (bytes + kPoolAlignment - 1) & ~(kPoolAlignment - 1);
  if (!pool_offset || bytes > kThreadPoolBytes - pool_used)
    return 0;
  std::intptr_t offset = pool_offset + static_cast<std::intptr_t>(pool_used);
  pool_used += bytes;
  return offset;
}

void return_thread_storage(std::intptr_t offset, std::size_t bytes) {
  bytes = (bytes + kPoolAlignment - 1) & ~(kPoolAlignment - 1);
  if (bytes && pool_offset + static_cast<std::intptr_t>(pool_used) == offset + static_cast<std::intptr_t>(bytes))
    pool_used -= bytes;
}

} // namespace wfp
