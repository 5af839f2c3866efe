// The slow path of polls: a running thread looks whether it can change over, and does.
//
// Application threads, at a poll in instrumented code (arch/*/poll_entry.S) or before they park.  Everything here is a bounded
// number of instructions; no lock, no allocation, no system call, but for a thread that the runtime meets for the
// first time (gettid) and for barrier mode, whose very purpose is to wait.
//
// Why a clear stack is enough: an affected function that is not on the stack is not active, so that every activation
// sees one version only; the frames that are there belong to functions that are the same in both versions.

#include "runtime/src/poll.h"
#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/barrier.h"
#include "runtime/src/frame_rule.h"
#include "runtime/src/park.h"
#include "runtime/src/publication.h"
#include "runtime/src/stack_check.h"
#include "runtime/src/thread_registry.h"

namespace wfp {

bool on_known_stack(const ThreadRecord &record, std::uintptr_t sp) {
  return sp >= record.stack_low.load(std::memory_order_relaxed) && sp < record.stack_top.load(std::memory_order_relaxed);
}

// How many of the thread's handlers can still be running when its stack pointer is `sp`, on the stack that it began with: a handler
// on a stack of its own is over, too, and all those inside of one that is.
static std::uint64_t handlers_below(const ThreadRecord &record, std::uintptr_t sp) {
  std::uint64_t running = record.handlers;
  while (running > 0 && running <= ThreadRecord::kNested) {
    const std::uintptr_t frame = record.handler_frames[running - 1];
    if (sp <= frame && on_known_stack(record, frame))
      break;
    --running;
  }
  return running;
}

// Model: STALE.
void clear_stale_marks(ThreadRecord &record, std::uintptr_t sp) {
  std::uint64_t now = record.state.load(std::memory_order_relaxed);
  if (!(now & (state::kParked | state::kInHandler)) || !on_known_stack(record, sp))
    return;
  if (!(now & state::kInHandler)) {
    if (sp > record.park_sp.load(std::memory_order_relaxed))
      wfp_unpark(&record);
    return;
  }
  const std::uint64_t running = handlers_below(record, sp);
  if (running == record.handlers)
    return;
  if (now & state::kParked) // the innermost handler itself had parked
    wfp_unpark(&record);
  record.handlers = running;
  if (running != 0)
    return;
  now = record.state.load(std::memory_order_relaxed);
  record.state.store((now + state::kSequenceOne) & ~state::kInHandler, std::memory_order_release);
}

namespace {

// The looks at the stack of a thread that may not move yet: first about 20 us apart, at most about 5 ms.  So far apart
// are they at once when the active frame is known: only its end, which is looked for at every poll, or an exception
// from the rule can change the answer.
constexpr std::uint64_t kFirstInterval = 1 << 16;
constexpr std::uint64_t kLastInterval = 1 << 24;

__attribute__((no_sanitize("address", "thread", "undefined"))) std::uintptr_t own_word(std::uintptr_t address) {
  return *reinterpret_cast<const std::uintptr_t *>(address);
}

// Whether the frame that was found active has been popped.  It has if the stack pointer is above its return address, or
// another word is there.  (The same word may be there again, or still: therefore the looks never end.)
bool held_frame_is_gone(const ThreadRecord &record, std::uintptr_t sp) {
  return sp > record.held_slot || own_word(record.held_slot) != record.held_word;
}

bool may_look_now(ThreadRecord &record, const Publication &publication, std::uintptr_t sp) {
  if (record.held_slot && (record.held_publication != publication.serial || held_frame_is_gone(record, sp))) {
    record.held_slot = 0;
    record.look_interval = 0;
    record.next_look = 0;
  }
  std::uint64_t now = arch::cycles();
  if (now < record.next_look)
    return false;
  std::uint64_t interval = record.look_interval ? record.look_interval * 2 : kFirstInterval;
  record.look_interval = interval < kLastInterval ? interval : kLastInterval;
  record.next_look = now + record.look_interval;
  return true;
}

void ask_for_rule(ThreadRecord &record, const Registers &frame) {
  record.wanted_sp.store(frame.sp, std::memory_order_relaxed);
  record.wanted_fp.store(frame.fp_known ? frame.fp : 0, std::memory_order_relaxed);
  record.wanted_pc.store(frame.pc, std::memory_order_release); // pairs with the control thread's load
}

// Whether nothing affected is active on this thread's stack; says in the record what is.
bool stack_is_quiescent(ThreadRecord &record, const Publication &publication, const Transition &transition,
                        std::uintptr_t sp, std::uintptr_t fp) {
  // On a stack that we do not know (a signal's, a coroutine's) there is no proof.
  if (!on_known_stack(record, sp)) {
    record.held_by.store(kUnknownStack, std::memory_order_relaxed);
    return false;
  }
  Registers missing;
  OwnStackLook look = look_at_own_stack(transition, sp, fp, record.stack_top.load(std::memory_order_relaxed), missing);
  record.held_by.store(look.held_by, std::memory_order_relaxed);
  if (look.missing && !look.clear)
    ask_for_rule(record, missing);
  record.held_slot = look.slot;
  if (look.slot) {
    record.held_word = own_word(look.slot);
    record.held_publication = publication.serial;
    record.look_interval = kLastInterval;
    record.next_look = arch::cycles() + kLastInterval;
  }
  return look.clear;
}

void change_over(ThreadRecord &record, const Publication &publication) {
  std::uint64_t old = record.state.load(std::memory_order_relaxed);
  // Model: POLL.
  // (M): release, so that the control thread's acquire load finds all that this thread did in the older view done.
  record.state.store(state::with_view(old + state::kSequenceOne, publication.view), std::memory_order_release);
  wfp_view = wfp_view_tables[publication.view];
  record.look_interval = 0;
  record.next_look = 0;
  record.held_slot = 0;
}

// True if a barrier gathers and this thread may stop for it.
bool try_to_move(ThreadRecord &record, std::uintptr_t sp, std::uintptr_t fp, bool trusted) {
  const Publication *publication = published.load(std::memory_order_seq_cst);
  std::uint32_t own = state::view(record.state.load(std::memory_order_relaxed));
  if (own == publication->view && !publication->barrier)
    return false;
  if (!trusted && (!may_look_now(record, *publication, sp) ||
                   !stack_is_quiescent(record, *publication, publication->from[own], sp, fp)))
    return false;
  if (publication->barrier)
    return true;
  change_over(record, *publication);
  return false;
}

} // namespace

} // namespace wfp

extern "C" void wfp_poll_slow(std::uintptr_t sp, int trusted, std::uintptr_t fp) {
  using namespace wfp;
  ThreadRecord *record = meet_thread();
  if (!record)
    return;
  // In a signal handler that interrupted this very code, or a park: the interrupted work goes on with what it read.
  if (record->reading.load(std::memory_order_relaxed) != 0)
    return;
  clear_stale_marks(*record, sp);
  // In a handler: it sees one version only, and so does what it interrupted.
  if (record->state.load(std::memory_order_relaxed) & (state::kParked | state::kInHandler))
    return;
  record->reading.store(1, std::memory_order_seq_cst);
  bool stop = try_to_move(*record, sp, fp, trusted != 0);
  record->reading.store(0, std::memory_order_release);
  if (stop) {
    record->park_fp.store(fp, std::memory_order_relaxed);
    stop_at_barrier(*record, sp | park_form::kCall);
  }
}
