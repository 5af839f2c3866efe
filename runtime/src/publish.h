// Building, publishing and retiring publications (publication.h).  Control thread only.
#pragma once

#include "runtime/src/publication.h"
#include "runtime/src/updater.h"

namespace wfp {

// One published change of code, until it has settled: the code that must not be active when a thread passes it.
struct Step {
  std::uint64_t number; // of the view that it leads to
  Arena arena;
  Vec<AffectedRange> ranges;
  Step *next;
};

// The step of applying (or reverting) `update`: every body that its functions ever had, but for those that may stay active.
[[nodiscard]] Step *make_step(const AppliedUpdate &update, std::uint64_t number, const ApplyOptions &options, Message &why);
void drop_step(Step *step);

// A publication of `view`, with the transitions of all steps after each live view (`steps`, newest first).
[[nodiscard]] Publication *make_publication(std::uint32_t view, std::uint64_t number, bool barrier, const Step *steps,
                                            Message &why);
void drop_publication(Publication *publication);

// The linearisation point of an update: from here on threads change over.  The publication before is retired.
void publish(Publication *publication);

// Frees retired publications that no thread can be reading.
void free_retired();

// In a fork's child, before it publishes one of its own: how far its parent's control thread had got with its own is not known.
void forget_publications();

} // namespace wfp
