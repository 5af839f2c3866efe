#include "runtime/src/updater.h"

#include "format/update_reader.h"
#include "runtime/src/barrier.h"
#include "runtime/src/base/sys.h"
#include "runtime/src/image.h"
#include "runtime/src/pending.h"
#include "runtime/src/publish.h"

#include <atomic>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>

namespace wfp {

namespace {

constexpr std::size_t kMaxFileBytes = 256u << 20;

AppliedUpdate *updates;       // oldest first
AppliedUpdate *newest;        // the top of the stack of updates in force
Step *steps;                  // since the last settled view, newest first
std::uint32_t current_view = kBaseView;
std::uint64_t numbers[kViewCapacity]; // of live views
std::uint64_t next_number = 1;
bool is_moving;
const char *unfit;            // why this process takes no updates

// The change from its linearisation on: whoever begins to carry it out carries it out to the end, a fork's child by itself.
struct Change {
  AppliedUpdate *update;
  bool forwards;
  std::uint32_t view;
  Step *step;             // the steps before behind it
  AppliedUpdate *newest;  // afterwards
  std::uint64_t started_ns;
};
Change change;
std::atomic<bool> carrying_out{false};
std::atomic<bool> in_progress{false};

std::uint64_t microseconds(std::uint64_t from_ns, std::uint64_t to_ns) { return (to_ns - from_ns) / 1000; }

// ---- read

// A private copy: what the client does to its file afterwards does not matter.
[[nodiscard]] std::uint8_t *read_file(int file, std::size_t &size, Arena &arena, Message &why) {
  struct stat about{};
  long result = sys::call(SYS_fstat, file, &about);
  if (sys::failed(result) || !S_ISREG(about.st_mode)) {
    why << "the update is not a regular file";
    return nullptr;
  }
  if (about.st_size <= 0 || static_cast<std::uint64_t>(about.st_size) > kMaxFileBytes) {
    why << "the update's size of " << static_cast<long long>(about.st_size) << " bytes is not between 1 and "
        << kMaxFileBytes;
    return nullptr;
  }
  size = static_cast<std::size_t>(about.st_size);
  auto *bytes = static_cast<std::uint8_t *>(arena.allocate(size));
  if (!bytes) {
    why << "out of memory for the update's file";
    return nullptr;
  }
  for (std::size_t done = 0; done < size;) {
    long count = sys::call(SYS_pread64, file, bytes + done, size - done, done);
    if (sys::failed(count) || count == 0) {
      why << "cannot read the update: " << sys::error_name(count);
      return nullptr;
    }
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

AppliedUpdate *find_by_id(const std::uint8_t *id) {
  for (AppliedUpdate *update = updates; update; update = update->next)
    if (std::memcmp(update->linked.id, id, 32) == 0)
      return update;
  return nullptr;
}

bool has_name(const AppliedUpdate &update, const char *name) {
  FixedText<65> id;
  id.hex_bytes(update.linked.id, 32);
  return std::strcmp(update.linked.file, name) == 0 || (*name && std::strncmp(id.c_str(), name, std::strlen(name)) == 0);
}

// ---- link

void copy_name(char (&to)[256], const char *from) {
  std::size_t length = std::strlen(from);
  if (length > sizeof(to) - 1)
    length = sizeof(to) - 1;
  std::memcpy(to, from, length);
  to[length] = '\0';
}

AppliedUpdate *new_update(Message &why) {
  long address =
      sys::call(SYS_mmap, nullptr, sizeof(AppliedUpdate), PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (sys::failed(address)) {
    why << "out of memory";
    return nullptr;
  }
  auto *update = new (reinterpret_cast<void *>(address)) AppliedUpdate();
  update->changes.set_arena(update->linked.arena);
  update->linked.functions.set_arena(update->linked.arena);
  update->linked.images.set_arena(update->linked.arena);
  update->linked.reinits.set_arena(update->linked.arena);
  return update;
}

void delete_update(AppliedUpdate *update) {
  update->~AppliedUpdate();
  sys::call(SYS_munmap, update, sizeof(AppliedUpdate));
}

// The update in `file`: a new one, linked, or one that was applied before and reverted.  `fresh` says which.
[[nodiscard]] AppliedUpdate *obtain(int file, const ApplyOptions &options, bool &fresh, Message &why) {
  AppliedUpdate *update = new_update(why);
  if (!update)
    return nullptr;
  std::size_t size = 0;
  if (*options.file)
    why << options.file << ": ";
  std::uint8_t *bytes = read_file(file, size, update->linked.arena, why);
  format::UpdateReader reader;
  if (!bytes || !reader.open(bytes, size, why)) {
    delete_update(update);
    return nullptr;
  }
  why.clear();
  std::memcpy(update->linked.id, reader.id(), 32);
  fresh = true;
  if (AppliedUpdate *known = find_by_id(update->linked.id)) {
    delete_update(update);
    if (known->state != UpdateState::kReverted) {
      why << "the update is applied already (" << known->linked.file << ")";
      return nullptr;
    }
    fresh = false;
    copy_name(known->linked.file, options.file);
    return check_update_applies(known->linked, why) ? known : nullptr;
  }
  copy_name(update->linked.file, options.file);
  if (!refresh_images(why)) {
    delete_update(update);
    return nullptr;
  }
  (void)tell_images();
  if (!link_update(bytes, size, update->linked, why)) {
    delete_update(update);
    return nullptr;
  }
  return update;
}

// ---- slots and changes

[[nodiscard]] bool plan_changes(AppliedUpdate &update, Message &why) {
  update.changes.clear();
  const Body *table = wfp_view_tables[current_view];
  for (const LinkedFunction &function : update.linked.functions) {
    Slot *slot = function.body && function.sled ? find_slot(function.sled) : nullptr;
    if (slot && !update.changes.push_back({slot, table[slot->index], function.body})) {
      why << "out of memory";
      return false;
    }
  }
  return true;
}

// ---- views

// A copy of the published view with the changes, forwards or backwards.
[[nodiscard]] std::uint32_t make_view(const AppliedUpdate &update, bool forwards, Message &why) {
  std::uint32_t view = claim_view();
  if (view == kViewCapacity) {
    why << "too many updates are on their way: some thread is still " << (kViewCapacity - 2) << " versions behind";
    return view;
  }
  std::memcpy(wfp_view_tables[view], wfp_view_tables[current_view], slot_count() * sizeof(Body));
  for (const BodyChange &change : update.changes)
    wfp_view_tables[view][change.slot->index] = forwards ? change.after : change.before;
  numbers[view] = next_number;
  return view;
}

// Model: ARM.
// Gates of functions that settled before must look at the thread's view again.  All threads are in views that agree on them.
void lead_to_dispatch(const AppliedUpdate &update) {
  for (const BodyChange &change : update.changes)
    change.slot->pointer->store(change.slot->dispatch, std::memory_order_release);
}

[[nodiscard]] bool arm_changes(const AppliedUpdate &update, Message &why) {
  Arena scratch;
  Vec<Slot *> slots(scratch);
  for (const BodyChange &change : update.changes)
    if (!slots.push_back(change.slot)) {
      why << "out of memory";
      return false;
    }
  return arm(slots.begin(), slots.size(), why);
}

// ---- publish

void write_reinitialised(const AppliedUpdate &update) {
  for (const LinkedReinit &reinit : update.linked.reinits)
    std::memcpy(reinit.address, reinit.bytes, reinit.size);
}

void append(AppliedUpdate *update) {
  AppliedUpdate **end = &updates;
  while (*end && *end != update)
    end = &(*end)->next;
  *end = update;
}

// What can be seen of the change.  Twice is as good as once, here and in keep_books().
void publish_change(Publication *publication) {
  if (change.forwards)
    write_reinitialised(*change.update);
  steps = change.step;
  current_view = change.view;
  next_number = numbers[change.view] + 1;
  is_moving = true;
  publish(publication);
}

// What later changes start from.
void keep_books() {
  AppliedUpdate &update = *change.update;
  if (change.forwards) {
    enter_update(update.linked);
    append(&update);
    if (newest != &update)
      update.below = newest;
    keep_order();
    newest = &update;
  } else {
    leave_update(update.linked);
    newest = change.newest;
    update.below = nullptr;
  }
  update.state = change.forwards ? UpdateState::kMoving : UpdateState::kReverted;
  update.view = numbers[current_view];
  update.started_ns = sys::monotonic_ns();
  update.apply_us = microseconds(change.started_ns, update.started_ns);
  update.settle_us = 0;
}

// From a complete plan to the published view.  On false everything is as before.
[[nodiscard]] bool change_over(AppliedUpdate &update, bool forwards, std::uint64_t started_ns, const ApplyOptions &options,
                               Message &why) {
  std::uint32_t view = make_view(update, forwards, why);
  if (view == kViewCapacity)
    return false;
  std::uint64_t number = numbers[view];
  Step *step = make_step(update, number, options, why);
  if (step)
    step->next = steps;
  Publication *open = step ? make_publication(view, number, false, step, why) : nullptr;
  Publication *closed = open && options.barrier ? make_publication(current_view, numbers[current_view], true, step, why) : nullptr;
  Publication *before =
      closed ? make_publication(current_view, numbers[current_view], false, steps, why) : nullptr;
  bool ready = step && open && (!options.barrier || (closed && before));

  if (ready && options.barrier) {
    set_pending(true);
    publish(closed);
    if (!gather_threads(*closed, options.timeout_ms, why)) {
      publish(before);
      release_threads(false);
      set_pending(moving());
      closed = before = nullptr; // published once: retired, not dropped
      ready = false;
    } else {
      closed = nullptr;
    }
  }
  if (ready) {
    lead_to_dispatch(update);
    ready = arm_changes(update, why);
    if (!ready && options.barrier) {
      publish(before);
      before = nullptr;
      release_threads(false);
      set_pending(moving());
    }
  }
  if (before)
    drop_publication(before);
  if (!ready) {
    if (closed)
      drop_publication(closed);
    if (open)
      drop_publication(open);
    if (step)
      drop_step(step);
    release_view(view);
    return false;
  }

  change = {&update, forwards, view, step, forwards ? &update : update.below, started_ns};
  carrying_out.store(true, std::memory_order_seq_cst);
  keep_order();
  publish_change(open);
  set_pending(true);
  if (options.barrier)
    release_threads(true);
  keep_books();
  carrying_out.store(false, std::memory_order_seq_cst);
  return true;
}

} // namespace

bool apply_update(int file, const ApplyOptions &options, AppliedUpdate *&applied, Message &why) {
  std::uint64_t started = sys::monotonic_ns();
  if (unfit) {
    why << unfit;
    return false;
  }
  ChangeScope scope;
  bool fresh = false;
  AppliedUpdate *update = obtain(file, options, fresh, why);
  if (!update)
    return false;
  if (!make_slots(update->linked, why) || !plan_changes(*update, why) || !change_over(*update, true, started, options, why)) {
    if (fresh) {
      forget_bodies(update->linked);
      unlink_update(update->linked);
      delete_update(update);
    }
    return false;
  }
  applied = update;
  return true;
}

bool revert_update(const char *which, const ApplyOptions &options, AppliedUpdate *&reverted, Message &why) {
  std::uint64_t started = sys::monotonic_ns();
  ChangeScope scope;
  AppliedUpdate *update = newest;
  if (!update) {
    why << "no update is applied";
    return false;
  }
  if (*which && !has_name(*update, which)) {
    for (AppliedUpdate *known = update->below; known; known = known->below)
      if (has_name(*known, which)) {
        why << which << " is not the newest update: revert " << update->linked.file << " first";
        return false;
      }
    why << "no applied update is called " << which;
    return false;
  }
  if (!change_over(*update, false, started, options, why))
    return false;
  reverted = update;
  return true;
}

bool finish_parents_change(Message &why) {
  if (!in_progress.load(std::memory_order_seq_cst))
    return true;
  const bool begun = carrying_out.load(std::memory_order_seq_cst);
  const std::uint32_t view = begun ? change.view : current_view;
  restore_slots();
  forget_publications();
  Publication *publication = make_publication(view, numbers[view], false, begun ? change.step : steps, why);
  if (!publication)
    return false;
  if (begun) {
    publish_change(publication);
    keep_books();
  } else {
    publish(publication);
  }
  // Settling puts right what was left of a change that had not begun, and of an unfinished settling.
  is_moving = true;
  set_pending_later(true);
  carrying_out.store(false, std::memory_order_seq_cst);
  in_progress.store(false, std::memory_order_seq_cst);
  return true;
}

AppliedUpdate *first_update() { return updates; }
std::uint32_t published_view() { return current_view; }
std::uint64_t published_number() { return numbers[current_view]; }
std::uint64_t view_number(std::uint32_t view) { return numbers[view]; }
bool moving() { return is_moving; }
ChangeScope::ChangeScope() : outer_(in_progress.exchange(true, std::memory_order_seq_cst)) {}
ChangeScope::~ChangeScope() { in_progress.store(outer_, std::memory_order_seq_cst); }

void refuse_updates(const char *reason) { unfit = reason; }

// Model: BASE.
void enter_base_view() {
  // Only slots: a thread that starts from now on starts in what is the published view.
  std::memcpy(wfp_view_tables[kBaseView], wfp_view_tables[current_view], slot_count() * sizeof(Body));
  numbers[kBaseView] = numbers[current_view];
}

// Model: SETTLE.
void settle(std::uint64_t now_ns) {
  ChangeScope scope;
  const Body *table = wfp_view_tables[current_view];
  Arena scratch;
  Vec<Slot *> idle(scratch);
  for (std::uint32_t index = 0; index < slot_count(); ++index) {
    Slot &slot = slot_at(index);
    slot.pointer->store(table[index], std::memory_order_release);
    if (slot.armed && table[index] == slot.original)
      (void)idle.push_back(&slot); // without memory it stays armed, which is as right
  }
  Message ignored; // a sled that somebody else has written over stays as it is: its gate leads to the original body
  (void)disarm(idle.begin(), idle.size(), ignored);

  for (std::uint32_t view = 1; view < kViewCapacity; ++view)
    if (view_is_live(view) && view != current_view)
      release_view(view);
  Step *over = steps;
  steps = nullptr;
  keep_order();
  while (over) {
    Step *next = over->next;
    drop_step(over);
    over = next;
  }
  for (AppliedUpdate *update = updates; update; update = update->next) {
    if (update->state == UpdateState::kMoving)
      update->state = UpdateState::kSettled;
    if (!update->settle_us) {
      update->settle_us = microseconds(update->started_ns, now_ns);
      if (!update->settle_us)
        update->settle_us = 1;
    }
  }
  is_moving = false;
  set_pending(false);
}

bool publish_first_view(Message &why) {
  Publication *publication = make_publication(kBaseView, 0, false, nullptr, why);
  if (!publication)
    return false;
  publish(publication);
  return true;
}

} // namespace wfp
