// Applying and reverting: from a linked update to a published view, and on to settled.  Control thread only.
//
//   apply:   read -> link -> slots and gates -> new view -> transitions -> arm -> publish      (all or nothing: G3)
//   later:   move the threads -> settle                                                        (mover.h)
//
// Reverting is an update like any other: a new view, in which the functions have the bodies that they had before.
#pragma once

#include "runtime/src/linked_update.h"
#include "runtime/src/gate.h"

#include <cstdint>

namespace wfp {

struct ApplyOptions {
  bool barrier = false;
  std::uint64_t timeout_ms = 10'000;   // barrier mode: how long threads may take to gather
  const char *file = "";               // base name, for status
  const char *const *allow_active = nullptr;
  std::uint32_t allow_active_count = 0;
};

enum class UpdateState { kMoving, kSettled, kReverted };

struct BodyChange {
  Slot *slot;
  Body before, after;
};

// An update that has been applied at least once.  Never freed (G6): applying it again reuses it.
struct AppliedUpdate {
  LinkedUpdate linked;
  Vec<BodyChange> changes;
  UpdateState state;
  std::uint64_t view;        // number of the view that it made last (applied or reverted)
  std::uint64_t started_ns;  // CLOCK_MONOTONIC
  std::uint64_t apply_us;    // link, arm, publish
  std::uint64_t settle_us;   // from publishing until all threads had moved; 0: not yet
  AppliedUpdate *next;       // in order of first application
  AppliedUpdate *below;      // what was applied when it was applied: the stack of updates in force
};

// `file` is open for reading; it is copied before it is looked at.
[[nodiscard]] bool apply_update(int file, const ApplyOptions &options, AppliedUpdate *&applied, Message &why);
// `which`: a prefix of the id in hexadecimal, a file name, or "" for the newest.
[[nodiscard]] bool revert_update(const char *which, const ApplyOptions &options, AppliedUpdate *&reverted, Message &why);

AppliedUpdate *first_update();     // all that were ever applied, oldest first
std::uint64_t published_number();

// For the mover: what the published view is, which views precede it, and the work when every task has moved.
std::uint32_t published_view();
std::uint64_t view_number(std::uint32_t view);
bool moving();                     // whether an update has been published and has not settled

// Makes the published view the one in which unseen threads start.  The caller has seen every task in it.
void enter_base_view();
// Gates lead straight to the bodies, reverted functions lose their jump, older views' tables are free again.
void settle(std::uint64_t now_ns);

// From now on none is applied.  `reason` is kept.
void refuse_updates(const char *reason);

// Version 0, before there are other threads.
[[nodiscard]] bool publish_first_view(Message &why);

// Marks the time in which a fork's child finds something half done, and has to finish it.  Scopes nest.
class ChangeScope {
public:
  ChangeScope();
  ~ChangeScope();
  ChangeScope(const ChangeScope &) = delete;
  ChangeScope &operator=(const ChangeScope &) = delete;

private:
  bool outer_;
};

// In a fork's child, before it has a control thread: what the parent's control thread was in the middle of (updater.cpp) becomes a change
// that is complete, if it had been published or was about to be, or one that never was.  False when memory is out.
[[nodiscard]] bool finish_parents_change(Message &why);

} // namespace wfp
