// What the control thread publishes for moving threads: the view to go to, and for each view that a thread may still be in,
// the code that must not be on its stack when it goes.
//
// One atomic pointer, `published`; what it points to never changes afterwards.  Readers on application threads set their
// record's `reading` first, then load the pointer (both seq_cst); the control thread stores a new pointer (seq_cst) and
// reuses an old publication only after it has seen `reading` zero in every record since.  This is a hazard flag for
// each thread: the reader never retries, and a reader that is preempted for long only delays the reuse.
#pragma once

#include "runtime/src/base/arena.h"
#include "runtime/src/linked_update.h"
#include "runtime/src/view.h"

#include <atomic>
#include <cstdint>

namespace wfp {

struct AffectedRange {
  CodeRange code;
  const char *function; // its display name
};

// From one view to the published one: the affected code of all updates between, sorted by begin.
struct Transition {
  const AffectedRange *ranges;
  std::uint32_t count;
  std::uintptr_t low, high; // bounds of all ranges, for the first, cheap comparison
};

struct Publication {
  std::uint64_t number;           // of the published view: 0, 1, 2, ...
  std::uint64_t serial;           // its own: no two have the same
  std::uint32_t view;             // its table's index
  bool barrier;                   // stop at the next quiescence point until `barrier_open` changes
  Transition from[kViewCapacity]; // by the index of the view that a thread is in
  Arena arena;                    // holds the ranges
  Publication *next_retired;
};

extern std::atomic<const Publication *> published;

// Barrier mode: threads that stopped wait here (futex) until it differs from what they saw.  Odd: closed.
extern std::atomic<std::uint32_t> barrier_word;

} // namespace wfp

extern "C" {
// The published view's table, for the quick check in the poll's entry; null while a barrier gathers.
extern std::atomic<wfp::Body *> wfp_published_table __attribute__((visibility("hidden")));
// Whether an update is on its way: what parks look at before they park.
extern std::atomic<std::uint8_t> wfp_pending __attribute__((visibility("hidden")));
}
