// Views: which body each patched function has, as one thread sees it.
//
// A view is a table slot -> body.  Every thread runs in exactly one view and holds its table in the thread-local
// `wfp_view`, which the dispatch code of gates reads.  Its initial value is the base view, by relocation: threads that the
// runtime never meets run the program as it was when the last update settled.
//
//   who                  reads                         writes
//   application thread   its own view's entries        its own wfp_view
//                        (dispatch code)               (poll, end of a park, birth)
//   control thread       all                           entries of views that no thread is in yet; new slots of any view,
//                                                      before a gate leads there; the base view while settling
//
// A table is reused only after an update has settled: every task of the process is then known to be in another view.
#pragma once

#include <atomic>
#include <cstdint>

namespace wfp {

using Body = std::uintptr_t;

inline constexpr std::uint32_t kSlotCapacity = 65536; // patched functions in the life of a process
inline constexpr std::uint32_t kViewCapacity = 64;    // views that threads can be in at one time
inline constexpr std::uint32_t kBaseView = 0;

// Finds a free index and maps its table; kViewCapacity when all are in use or memory is out.  Control thread.
std::uint32_t claim_view();
void release_view(std::uint32_t index);
bool view_is_live(std::uint32_t index);

// The distance of wfp_view from the thread pointer, the same in every thread (initial-exec).
std::int32_t view_thread_offset();

} // namespace wfp

// Hidden C names, since assembly and C files use them too.
extern "C" {
// The tables by index; the base view is static, the others are mapped when first needed and then kept.  Written by the
// control thread before the index can be met by another thread.
extern wfp::Body *wfp_view_tables[wfp::kViewCapacity] __attribute__((visibility("hidden")));
extern __thread wfp::Body *wfp_view __attribute__((tls_model("initial-exec"), visibility("hidden")));
}
