// The threads of the process, as far as the runtime has met them: one record each.  Stacks of the program's own making have one too
// (stacks.h): a thread runs with the record of the stack that it is on.
//
// `state` of a record is the whole protocol between a thread and the control thread:
//
//     63                24 23        8 7        0
//     [     sequence      ][  view    ][ flags  ]
//
//   owner, RUNNING        park:   sp = frame; state = (sequence + 1, view, PARKED)      store, release      (P)
//   owner, PARKED         unpark: state &= ~PARKED, then wfp_view = table(state.view)   acq_rel             (U)
//   owner, RUNNING        move:   state = (sequence + 1, k), then wfp_view = table(k)   store, release      (M)
//   control, sees PARKED  move:   compare_exchange(seen -> seen with view k)            acq_rel             (C)
//   control, sees PARKED  hold:   compare_exchange(seen -> seen | HELD)                 acq_rel   (barrier mode)
//
//   (U) and (M) change the state before the view: a signal handler in between takes the view from the state (signal_entry.h).
//   A thread that is IN_HANDLER is moved by nobody.
//
//   While RUNNING only the owner writes, so that (P) and (M) need no read-modify-write.  (C) is the linearisation point
//   of a remote move: it succeeds only if the thread has been parked, with the stack that was checked, since `seen` was
//   read: (P) changes the sequence, (U) the flag.  (C) releases what the control thread prepared (tables, code) to (U), and
//   (P) releases the stack's contents to the control thread's acquire load.
//
// Wait-free: the owner's steps are a bounded number of instructions whatever others do.
#pragma once

#include "runtime/src/view.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wfp {

namespace state {
inline constexpr std::uint64_t kParked = 1;
inline constexpr std::uint64_t kInHandler = 2; // a signal handler runs: nobody moves the thread
inline constexpr std::uint64_t kHeld = 4;      // barrier mode: may not go on after its park
inline constexpr unsigned kViewShift = 8;
inline constexpr std::uint64_t kViewMask = 0xffffull << kViewShift;
inline constexpr std::uint64_t kSequenceOne = 1ull << 24;

constexpr std::uint32_t view(std::uint64_t value) { return (value & kViewMask) >> kViewShift; }
constexpr std::uint64_t with_view(std::uint64_t value, std::uint32_t index) {
  return (value & ~kViewMask) | (std::uint64_t{index} << kViewShift);
}
} // namespace state

// What `park_sp` says beside the address: its lowest bits, which the comparison of addresses does not mind.
namespace park_form {
inline constexpr std::uintptr_t kMask = 7;
inline constexpr std::uintptr_t kUnknown = 0; // the registers of the frames above are not known
inline constexpr std::uintptr_t kFrame = 1;   // the two words there are the caller's frame pointer and a return address
inline constexpr std::uintptr_t kCall = 2;    // the word there is a return address; the frame pointer is in `park_fp`
} // namespace park_form

struct alignas(64) ThreadRecord {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uintptr_t> park_sp; // while PARKED: everything of the program lies at or above it; and a park_form
  std::atomic<std::uintptr_t>
      stack_top; // end of the words to be checked; 0: not known yet, the control thread finds out
  std::atomic<std::uintptr_t> stack_low; // below it the thread is on another stack (a signal's, a coroutine's)
  std::atomic<int> tid;                  // 0: free, or its thread has not started yet
  // Non-zero while the owner uses the publication: what it may be reading must not be reused.
  std::atomic<std::uint32_t> reading;
  // Owner only: no new look at the stack before this time (arch::cycles), and the present distance between looks.
  std::uint64_t next_look;
  std::uint64_t look_interval;
  std::uint64_t handlers;                // owner only: how many handlers run, one inside the other
  // Second line: what is seldom touched.
  std::atomic<const char *> held_by;     // name of an affected function last found on its stack, or null
  void *(*start)(void *);                // of a thread being born
  void *argument;
  std::uint32_t exit_rounds;
  std::atomic<std::uint32_t> own_stack; // 1: not a thread but a stack of the program's making (stacks.h), whose tid stays 0
  std::atomic<std::uintptr_t> park_fp; // see park_form
  // Owner only: where the return address into an active function was found, and what is there until the frame is
  // popped.
  std::uintptr_t held_slot;
  std::uintptr_t held_word;
  std::uint64_t held_publication; // serial number of what the look was for
  // Third line: the precise check.  A frame whose rule a running thread did not find (frame_rules.h); pc is stored
  // last.
  alignas(64) std::atomic<std::uintptr_t> wanted_pc;
  std::atomic<std::uintptr_t> wanted_sp;
  std::atomic<std::uintptr_t> wanted_fp;
  std::atomic<int> on_thread; // of a stack: the tid of the thread that runs on it, ran on it last, or made it
  // Control thread only: how far a parked stack has been checked, which holds while `state` is what it was.
  struct ParkedCheck {
    std::uint64_t state;
    std::uint64_t publication;
    enum Phase : std::uint8_t { kNone, kWalking, kScanning, kHeld } phase;
    bool fp_known;
    std::uintptr_t pc, sp, fp, checked; // of the walk; kScanning: `checked` is where the scan goes on
  } parked;
  // Owner only: the frames of their entries, outermost first.  Of more handlers than that none is known to have been left.
  static constexpr std::size_t kNested = 5;
  std::uintptr_t handler_frames[kNested];
};
static_assert(sizeof(ThreadRecord) == 256);

inline constexpr std::size_t kThreadCapacity = 65536;

// Maps the array of records.  Once, before there are other threads; again in a fork's child is not needed.
bool prepare_thread_registry();

// Claims a free record: a bounded number of steps, no lock.  nullptr when all are in use (the thread then stays unknown and
// is reported).  Any thread; async-signal-safe.
ThreadRecord *claim_record();
void release_record(ThreadRecord *record);

// Records in use are below this index.
std::size_t record_limit();
ThreadRecord &record_at(std::size_t index);
bool record_in_use(std::size_t index);

// The calling thread's record.  Claims one, with gettid(), for a thread that the runtime has not seen start; nullptr when
// that fails, and for a thread that has ended.  Any thread; async-signal-safe.
ThreadRecord *meet_thread();

// A thread begins (in its own context): it starts in the published view.
void begin_thread(ThreadRecord *record, std::uintptr_t stack_low, std::uintptr_t stack_top);
void end_thread(ThreadRecord *record);

// In a fork's child: only the calling thread is left.
void forget_other_threads();

} // namespace wfp

extern "C" {
// The record of the stack that the thread runs on: its own, or a registered one.
extern __thread wfp::ThreadRecord *wfp_self __attribute__((tls_model("initial-exec"), visibility("hidden")));
// Its own.
extern __thread wfp::ThreadRecord *wfp_thread __attribute__((tls_model("initial-exec"), visibility("hidden")));
// The thread has given its record back: what still runs on it (destructors of thread-specific data behind ours) is met no more.
extern __thread bool wfp_self_ended __attribute__((tls_model("initial-exec"), visibility("hidden")));
}
