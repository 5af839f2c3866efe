#include "runtime/src/frame_rules.h"

#include "runtime/src/cfi.h"
#include "runtime/src/dso.h"
#include "runtime/src/image.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/thread_registry.h"
#include "runtime/src/unwind.h"
#include "runtime/src/updater.h"

#include <atomic>
#include <cstring>

namespace wfp {

namespace {

constexpr std::size_t kCapacity = 4096; // a power of two
constexpr std::size_t kFull = kCapacity / 4 * 3;
constexpr std::size_t kMaxProbes = 64;
constexpr std::uint64_t kForever = ~std::uint64_t{0};

struct Entry {
  std::atomic<std::uintptr_t> pc; // 0: free
  std::uint64_t valid;            // the close_count() with which it holds, or kForever
  FrameRule rule;
};

struct Table {
  Entry entries[kCapacity];
};
Table tables[2];
std::atomic<Table *> current{&tables[0]};

// Control thread only.
std::size_t used;
CfiScratch scratch;

std::size_t bucket_of(std::uintptr_t pc) {
  return static_cast<std::size_t>((pc * 0x9e3779b97f4a7c15ull) >> 32) % kCapacity;
}

bool anybody_reads() {
  for (std::size_t index = 0, end = record_limit(); index < end; ++index)
    if (record_at(index).reading.load(std::memory_order_seq_cst) != 0)
      return true;
  return false;
}

void enter(std::uintptr_t pc, std::uint64_t valid, const FrameRule &rule) {
  Table *table = current.load(std::memory_order_relaxed);
  if (used >= kFull) {
    // Whoever reads began before now, and could still be in the other table.
    if (anybody_reads())
      return;
    table = table == &tables[0] ? &tables[1] : &tables[0];
    for (Entry &entry : table->entries)
      entry.pc.store(0, std::memory_order_relaxed);
    used = 0;
    current.store(table, std::memory_order_seq_cst); // pairs with known_frame_rule
  }
  std::size_t bucket = bucket_of(pc);
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe, bucket = (bucket + 1) % kCapacity) {
    Entry &entry = table->entries[bucket];
    if (entry.pc.load(std::memory_order_relaxed) != 0)
      continue;
    entry.valid = valid;
    entry.rule = rule;
    entry.pc.store(pc, std::memory_order_release); // pairs with known_frame_rule
    ++used;
    return;
  }
}

const Dso *object_at(std::uintptr_t pc) {
  for (std::size_t i = 0, count = dso_count(); i < count; ++i) {
    const Dso &dso = dso_at(i);
    if (!dso.gone && pc - dso.low < dso.high - dso.low)
      return &dso;
  }
  return nullptr;
}

std::uintptr_t unwind_header_of(const Dso &dso) {
  for (std::size_t i = 0; i < dso.phdr_count; ++i)
    if (dso.phdrs[i].p_type == PT_GNU_EH_FRAME)
      return dso.bias + dso.phdrs[i].p_vaddr;
  return 0;
}

FrameRule read_rule(std::uintptr_t header, std::uintptr_t pc) {
  return header ? find_frame_rule(read_memory, header, pc, scratch) : FrameRule{};
}

} // namespace

bool known_frame_rule(std::uintptr_t pc, FrameRule &rule) {
  const Table *table = current.load(std::memory_order_seq_cst); // after `reading` was set: pairs with enter
  std::size_t bucket = bucket_of(pc);
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe, bucket = (bucket + 1) % kCapacity) {
    const Entry &entry = table->entries[bucket];
    std::uintptr_t there = entry.pc.load(std::memory_order_acquire); // pairs with enter
    if (there == 0)
      return false;
    if (there != pc || (entry.valid != kForever && entry.valid != close_count()))
      continue;
    rule = entry.rule;
    return true;
  }
  return false;
}

bool make_frame_rule(std::uintptr_t pc, FrameRule &rule) {
  if (known_frame_rule(pc, rule))
    return true;
  // Code of updates and gates is never unmapped.
  UnwindRange range;
  if (find_code_unwind(pc, range)) {
    rule = read_rule(range.header, pc);
    enter(pc, kForever, rule);
    return true;
  }
  const Dso *dso = object_at(pc);
  if (!dso || !dso->direct) {
    // What can be unmapped may have been exchanged since the list was made.
    std::uint64_t count;
    ChangeScope scope;
    if (!no_close_under_way(count) || !refresh_dsos_now() || !(dso = object_at(pc)))
      return false;
    rule = read_rule(unwind_header_of(*dso), pc);
    if (close_count() != count)
      return false;
    enter(pc, dso->direct ? kForever : count, rule);
    return true;
  }
  rule = read_rule(unwind_header_of(*dso), pc);
  enter(pc, kForever, rule);
  return true;
}

} // namespace wfp
