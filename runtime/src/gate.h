// Slots and gates: what the runtime keeps for every function that an update has ever touched.
//
//     f: jmp gate_f                    the armed sled
//     gate_f: jmp *ptr_f(%rip)         ptr_f = dispatch_f while threads move, the new body itself once all have
//     dispatch_f: mov %fs:view,%r11; jmp *slot(%r11)
//
// A slot is given out once, when an update first touches the function, together with its gate; both stay for ever (G6), since a
// thread may be interrupted in a gate for any time.  Control thread only, but for the gates' execution.
#pragma once

#include "runtime/src/linked_update.h"
#include "runtime/src/view.h"

#include <atomic>
#include <cstdint>

namespace wfp {

struct BodyRanges { // one version of a function
  const CodeRange *ranges;
  std::uint32_t count;
  BodyRanges *next;
};

struct Slot {
  std::uint32_t index;          // in view tables
  std::uintptr_t sled;          // identity of the function
  Body original;                // the body behind the sled
  std::uintptr_t gate;
  std::uintptr_t dispatch;
  std::atomic<Body> *pointer;   // ptr_f
  BodyRanges *bodies;           // all that it ever had, the original one included
  std::int32_t idle_immediate;  // what the sled held when the slot was made, until the displacement is written
  bool displacement_written;
  bool armed;
};

std::uint32_t slot_count();
Slot &slot_at(std::uint32_t index);
Slot *find_slot(std::uintptr_t sled);

// Gives a slot and a gate to each function of `update` that replaces one and has none yet, and records the new bodies.
// Every live view gets an entry for a new slot: the body that the function has now.  The gate's pointer leads to dispatch.
// On false nothing that can be seen has changed.
[[nodiscard]] bool make_slots(LinkedUpdate &update, Message &why);

// Takes back the record of new bodies that make_slots made, before the update is unlinked.
void forget_bodies(const LinkedUpdate &update);

// In a fork's child: makes whole what the parent's control thread may have had half done with slots and sleds.
void restore_slots();

// The code of all gates, as ranges: an interrupted thread there may hold an old view in r11.
std::uint32_t gate_block_count();
CodeRange gate_block(std::uint32_t index);

// Turns the sleds of `slots` into jumps to their gates, after comparing every byte with what it must be; on false nothing
// is armed that was not before.  Those armed already are skipped.
[[nodiscard]] bool arm(Slot *const *slots, std::size_t count, Message &why);

// Back to the idle sled; for functions whose gate leads to the original body.
[[nodiscard]] bool disarm(Slot *const *slots, std::size_t count, Message &why);

} // namespace wfp
