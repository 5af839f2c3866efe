#include "runtime/src/publish.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/image.h"
#include "runtime/src/thread_registry.h"
#include "runtime/src/updater.h"

#include <new>
#include <sys/mman.h>

extern "C" {
std::atomic<wfp::Body *> wfp_published_table{nullptr};
std::atomic<std::uint8_t> wfp_pending{0};
}

namespace wfp {

std::atomic<const Publication *> published{nullptr};

namespace {

Publication *current;
Publication *retired;

template <typename T> T *new_mapped() {
  long address = sys::call(SYS_mmap, nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return sys::failed(address) ? nullptr : new (reinterpret_cast<void *>(address)) T();
}
template <typename T> void delete_mapped(T *object) {
  object->~T();
  sys::call(SYS_munmap, object, sizeof(T));
}

bool named(const char *function, const ApplyOptions &options) {
  for (std::uint32_t i = 0; i < options.allow_active_count; ++i)
    if (std::strcmp(options.allow_active[i], function) == 0)
      return true;
  return false;
}

[[nodiscard]] bool add_ranges(Vec<AffectedRange> &ranges, const CodeRange *code, std::uint32_t count, const char *name) {
  for (std::uint32_t i = 0; i < count; ++i)
    if (!ranges.push_back({code[i], name}))
      return false;
  return true;
}

[[nodiscard]] bool add_function(Vec<AffectedRange> &ranges, const LinkedFunction &function) {
  if (!add_ranges(ranges, function.old_ranges, function.old_range_count, function.name) ||
      !add_ranges(ranges, function.new_ranges, function.new_range_count, function.name))
    return false;
  const Slot *slot = function.sled ? find_slot(function.sled) : nullptr;
  for (const BodyRanges *body = slot ? slot->bodies : nullptr; body; body = body->next)
    if (!add_ranges(ranges, body->ranges, body->count, function.name))
      return false;
  return true;
}

// Sorted by begin; of equal begins (one function in several steps) one stays.
void finish(Vec<AffectedRange> &ranges, Transition &transition) {
  sort(ranges.begin(), ranges.size(),
       [](const AffectedRange &a, const AffectedRange &b) { return a.code.begin < b.code.begin; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (kept && ranges[kept - 1].code.begin == ranges[i].code.begin) {
      if (ranges[i].code.end > ranges[kept - 1].code.end)
        ranges[kept - 1].code.end = ranges[i].code.end;
      continue;
    }
    ranges[kept++] = ranges[i];
  }
  transition = {ranges.begin(), static_cast<std::uint32_t>(kept), 0, 0};
  if (kept) {
    transition.low = ranges[0].code.begin;
    for (std::size_t i = 0; i < kept; ++i)
      if (ranges[i].code.end > transition.high)
        transition.high = ranges[i].code.end;
  }
}

} // namespace

Step *make_step(const AppliedUpdate &update, std::uint64_t number, const ApplyOptions &options, Message &why) {
  Step *step = new_mapped<Step>();
  if (!step) {
    why << "out of memory";
    return nullptr;
  }
  step->number = number;
  step->ranges.set_arena(step->arena);
  for (const LinkedFunction &function : update.linked.functions) {
    if (function.allow_active || named(function.name, options))
      continue;
    if (!add_function(step->ranges, function)) {
      why << "out of memory";
      drop_step(step);
      return nullptr;
    }
  }
  return step;
}

void drop_step(Step *step) { delete_mapped(step); }

Publication *make_publication(std::uint32_t view, std::uint64_t number, bool barrier, const Step *steps, Message &why) {
  auto *publication = new_mapped<Publication>();
  if (!publication) {
    why << "out of memory";
    return nullptr;
  }
  static std::uint64_t made = 0;
  publication->number = number;
  publication->serial = ++made;
  publication->view = view;
  publication->barrier = barrier;
  for (std::uint32_t from = 0; from < kViewCapacity; ++from) {
    if (!view_is_live(from) || (from == view && !barrier))
      continue;
    Vec<AffectedRange> ranges(publication->arena);
    bool complete = true;
    for (const Step *step = steps; step; step = step->next)
      if (step->number > view_number(from))
        for (const AffectedRange &range : step->ranges)
          complete = complete && ranges.push_back(range);
    for (std::uint32_t i = 0; i < gate_block_count(); ++i)
      complete = complete && ranges.push_back({gate_block(i), "(a gate)"});
    if (!complete) {
      why << "out of memory";
      drop_publication(publication);
      return nullptr;
    }
    finish(ranges, publication->from[from]);
  }
  return publication;
}

void drop_publication(Publication *publication) { delete_mapped(publication); }

// Model: PUBLISH.
void publish(Publication *publication) {
  Publication *before = current;
  current = publication;
  // seq_cst: pairs with a reader's store to `reading` (publication.h).  Release: pairs with the reader's load.
  published.store(publication, std::memory_order_seq_cst);
  wfp_published_table.store(publication->barrier ? nullptr : wfp_view_tables[publication->view], std::memory_order_release);
  if (before) {
    before->next_retired = retired;
    retired = before;
  }
}

void free_retired() {
  if (!retired)
    return;
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (record_at(index).reading.load(std::memory_order_seq_cst) != 0)
      return; // another time
  Publication *free = retired;
  retired = nullptr;
  keep_order();
  while (free) {
    Publication *next = free->next_retired;
    drop_publication(free);
    free = next;
  }
}

void forget_publications() { current = retired = nullptr; }

} // namespace wfp
