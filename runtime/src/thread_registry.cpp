#include "runtime/src/thread_registry.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/publication.h"
#include "runtime/src/stacks.h"
#include "runtime/src/thread_birth.h"

#include <sys/mman.h>

extern "C" {
__thread wfp::ThreadRecord *wfp_self = nullptr;
__thread wfp::ThreadRecord *wfp_thread = nullptr;
__thread bool wfp_self_ended = false;
}

namespace wfp {

namespace {
constexpr std::size_t kBits = 64;
constexpr std::size_t kWords = kThreadCapacity / kBits;

ThreadRecord *records;
std::atomic<std::uint64_t> in_use[kWords];   // a bit for each record
std::atomic<std::size_t> limit{0};           // one past the highest record ever used

std::size_t index_of(const ThreadRecord *record) { return static_cast<std::size_t>(record - records); }
} // namespace

bool prepare_thread_registry() {
  if (records)
    return true;
  long address = sys::call(SYS_mmap, nullptr, kThreadCapacity * sizeof(ThreadRecord), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys::failed(address))
    return false;
  records = reinterpret_cast<ThreadRecord *>(address);
  return true;
}

// Each word is tried for at most 64 bits, each bit at most once: bounded, whatever other threads claim and release.  Low
// indices first, so that the control thread's rounds stay as short as the process has threads.
ThreadRecord *claim_record() {
  if (!records)
    return nullptr;
  for (std::size_t word = 0; word < kWords; ++word) {
    std::uint64_t seen = in_use[word].load(std::memory_order_relaxed);
    for (std::uint64_t untried = ~seen; untried;) {
      std::uint64_t bit = untried & -untried;
      untried &= ~bit;
      // Acquire: pairs with release_record's, whose owner may have written the record before.
      if (in_use[word].fetch_or(bit, std::memory_order_acq_rel) & bit)
        continue;
      std::size_t index = word * kBits + static_cast<std::size_t>(__builtin_ctzll(bit));
      // The limit only grows; the loop ends after as many turns as other threads raise it, which is bounded by the capacity.
      for (std::size_t old = limit.load(std::memory_order_relaxed);
           old <= index && !limit.compare_exchange_weak(old, index + 1, std::memory_order_release);)
        ;
      return &records[index];
    }
  }
  return nullptr;
}

void release_record(ThreadRecord *record) {
  std::size_t index = index_of(record);
  record->handlers = 0;
  record->tid.store(0, std::memory_order_relaxed);
  record->stack_top.store(0, std::memory_order_relaxed);
  record->stack_low.store(0, std::memory_order_relaxed);
  record->held_by.store(nullptr, std::memory_order_relaxed);
  record->wanted_pc.store(0, std::memory_order_relaxed);
  // Not parked, no view; the sequence goes on, so that a late compare-exchange of the control thread fails.
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  record->state.store((old & ~(state::kSequenceOne - 1)) + state::kSequenceOne, std::memory_order_release);
  in_use[index / kBits].fetch_and(~(1ull << (index % kBits)), std::memory_order_release);
}

std::size_t record_limit() { return limit.load(std::memory_order_acquire); }
ThreadRecord &record_at(std::size_t index) { return records[index]; }
bool record_in_use(std::size_t index) {
  return in_use[index / kBits].load(std::memory_order_acquire) >> (index % kBits) & 1;
}

ThreadRecord *meet_thread() {
  if (wfp_self || wfp_self_ended)
    return wfp_self;
  ThreadRecord *record = claim_record();
  if (!record)
    return nullptr;
  // It has run in the base view so far, and is at a place of which nothing is known: it keeps that view for now.
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  record->state.store(state::with_view(old + state::kSequenceOne, kBaseView), std::memory_order_relaxed);
  record->next_look = 0;
  record->look_interval = 0;
  record->exit_rounds = 0;
  record->held_slot = 0;
  record->tid.store(static_cast<int>(sys::call(SYS_gettid)), std::memory_order_release);
  // A handler that came in between has met this thread, and has perhaps been moved in it: its record is the one.
  ThreadRecord *none = nullptr;
  if (!__atomic_compare_exchange_n(&wfp_self, &none, record, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    release_record(record);
    return none;
  }
  wfp_thread = record;
  wfp_note_thread_end(record);
  return record;
}

// Model: BIRTH.
void begin_thread(ThreadRecord *record, std::uintptr_t stack_low, std::uintptr_t stack_top) {
  record->stack_low.store(stack_low, std::memory_order_relaxed);
  record->stack_top.store(stack_top, std::memory_order_relaxed);
  record->next_look = 0;
  record->look_interval = 0;
  record->exit_rounds = 0;
  record->held_slot = 0;
  // From here on a handler finds this record: RUNNING, in the base view as the thread itself.  One that came earlier may have made a
  // record of its own, in whichever view; nothing of it is active any more.
  if (ThreadRecord *met = __atomic_exchange_n(&wfp_self, record, __ATOMIC_RELAXED))
    release_record(met);
  wfp_thread = record;

  record->reading.store(1, std::memory_order_seq_cst); // pairs with the control thread's look before it reuses a view
  const Publication *publication = published.load(std::memory_order_seq_cst);
  std::uint64_t old = record->state.load(std::memory_order_relaxed);
  record->state.store(state::with_view(old + state::kSequenceOne, publication->view), std::memory_order_release);
  wfp_view = wfp_view_tables[publication->view];
  // From here on the control thread knows it as a thread in that view.
  record->tid.store(static_cast<int>(sys::call(SYS_gettid)), std::memory_order_release);
  record->reading.store(0, std::memory_order_release);
}

// Model: DEATH.
void end_thread(ThreadRecord *record) {
  wfp_self_ended = true; // before the record goes: a handler in between must not make another one
  ThreadRecord *on = wfp_self;
  wfp_self = wfp_thread = nullptr;
  if (on && on != record) // it ends on a stack of the program's making, which nobody can go on with
    release_stack(*on);
  release_record(record);
}

void forget_other_threads() {
  const int in_parent = wfp_thread ? wfp_thread->tid.load(std::memory_order_relaxed) : 0;
  for (std::size_t index = 0, end = record_limit(); index < end; ++index) {
    ThreadRecord &record = records[index];
    if (!record_in_use(index) || &record == wfp_self || &record == wfp_thread)
      continue;
    // This thread's suspended stacks are here as well; those of others nobody goes on with.
    if (!record.own_stack.load(std::memory_order_relaxed))
      release_record(&record);
    else if (record.on_thread.load(std::memory_order_relaxed) != in_parent ||
             !(record.state.load(std::memory_order_relaxed) & state::kParked))
      release_stack(record);
  }
  if (wfp_thread)
    wfp_thread->tid.store(static_cast<int>(sys::call(SYS_gettid)), std::memory_order_release);
  if (wfp_self)
    wfp_self->reading.store(0, std::memory_order_relaxed);
}

} // namespace wfp
