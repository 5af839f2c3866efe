#include "runtime/src/view.h"

#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/base/sys.h"

#include <sys/mman.h>

namespace {
// In .bss: pages that no update needs are never touched.
wfp::Body base_table[wfp::kSlotCapacity];
bool live[wfp::kViewCapacity] = {true};
} // namespace

extern "C" {
__thread wfp::Body *wfp_view = base_table;
wfp::Body *wfp_view_tables[wfp::kViewCapacity] = {base_table};
}

namespace wfp {

std::uint32_t claim_view() {
  for (std::uint32_t index = 1; index < kViewCapacity; ++index) {
    if (live[index])
      continue;
    if (!wfp_view_tables[index]) {
      long address = sys::call(SYS_mmap, nullptr, sizeof(base_table), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (sys::failed(address))
        return kViewCapacity;
      wfp_view_tables[index] = reinterpret_cast<Body *>(address);
    }
    live[index] = true;
    return index;
  }
  return kViewCapacity;
}

void release_view(std::uint32_t index) { live[index] = false; }

bool view_is_live(std::uint32_t index) { return live[index]; }

std::int32_t view_thread_offset() {
  return static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(&wfp_view) - arch::thread_pointer());
}

} // namespace wfp
