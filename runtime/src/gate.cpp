#include "runtime/src/gate.h"

#include "format/records.h"
#include "runtime/arch/x86_64/gate_code.h"
#include "runtime/src/code_memory.h"
#include "runtime/src/image.h"
#include "runtime/src/process_memory.h"
#include "runtime/src/unwind.h"

#include <cstring>

namespace wfp {

namespace {

constinit Immortal<Arena> immortal; // slots and gates are for ever
constinit Vec<Slot *> slots;
constinit Vec<CodeRange> blocks;

// Open addressing by the sled's address; half full at most.
constexpr std::uint32_t kBuckets = 2 * kSlotCapacity;
Slot *buckets[kBuckets];

std::uint32_t bucket_of(std::uintptr_t sled) {
  return static_cast<std::uint32_t>((sled * 0x9e3779b97f4a7c15ull) >> 40) % kBuckets;
}

void enter(Slot *slot) {
  std::uint32_t bucket = bucket_of(slot->sled);
  while (buckets[bucket])
    bucket = (bucket + 1) % kBuckets;
  buckets[bucket] = slot;
}

// A new slot's entry in every view that a thread may be in, or move to.
void enter_in_views(const Slot &slot) {
  for (std::uint32_t view = 0; view < kViewCapacity; ++view)
    if (view_is_live(view) && !wfp_view_tables[view][slot.index])
      wfp_view_tables[view][slot.index] = slot.original;
}

[[nodiscard]] bool add_body(Slot &slot, const CodeRange *ranges, std::uint32_t count, Message &why) {
  for (BodyRanges *known = slot.bodies; known; known = known->next)
    if (known->ranges == ranges)
      return true;
  auto *body = static_cast<BodyRanges *>(immortal.get().allocate(sizeof(BodyRanges)));
  if (!body) {
    why << "out of memory";
    return false;
  }
  *body = {ranges, count, slot.bodies};
  slot.bodies = body;
  return true;
}

bool needs_slot(const LinkedFunction &function) {
  return function.change == format::FunctionChange::kReplaced && function.sled && function.body;
}

constexpr std::size_t pages(std::size_t bytes) { return (bytes + 4095) & ~std::size_t{4095}; }

// One block of gates for all of `image`'s new functions: code pages, then a page or more of pointers.
[[nodiscard]] bool make_block(Image &image, Slot **fresh, std::size_t count, Message &why) {
  std::size_t code_size = pages(count * arch::kGateBytes), data_size = pages(count * sizeof(Body));
  std::uintptr_t base = take_room(image, code_size + data_size, why);
  if (!base)
    return false;
  Arena scratch;
  auto *code = static_cast<std::uint8_t *>(scratch.allocate(code_size));
  if (!code || !blocks.reserve(blocks.size() + 1)) {
    why << "out of memory for gates";
    return_room(image, base, code_size + data_size);
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uintptr_t gate = base + i * arch::kGateBytes;
    std::uintptr_t pointer = base + code_size + i * sizeof(Body);
    fresh[i]->gate = gate;
    fresh[i]->dispatch = gate + arch::kDispatchOffset;
    fresh[i]->pointer = reinterpret_cast<std::atomic<Body> *>(pointer);
    std::int32_t displacement;
    if (!arch::sled_displacement(fresh[i]->sled, gate, displacement)) {
      why << "a gate is out of reach of the function at ";
      why.hex(fresh[i]->sled);
      return_room(image, base, code_size + data_size);
      return false;
    }
    arch::encode_gate({gate, pointer, view_thread_offset(), fresh[i]->index, image.branch_protection},
                      code + i * arch::kGateBytes);
  }
  if (!map_data(base + code_size, data_size, why) || !map_sealed(base, code, code_size, true, "gates", why)) {
    return_room(image, base, code_size + data_size);
    return false;
  }
  for (std::size_t i = 0; i < count; ++i)
    fresh[i]->pointer->store(fresh[i]->dispatch, std::memory_order_relaxed);
  if (!register_gate_unwind(image, base, base + count * arch::kGateBytes, why))
    return false;
  (void)blocks.push_back({base, base + code_size - 1}); // room was reserved above
  return true;
}

struct Sled {
  std::uint8_t opcode;
  std::int32_t displacement;
};

Sled read_sled(std::uintptr_t address) {
  Sled sled;
  const auto *bytes = reinterpret_cast<const volatile std::uint8_t *>(address);
  std::uint8_t copy[format::kSledSize];
  for (std::size_t i = 0; i < sizeof(copy); ++i)
    copy[i] = bytes[i];
  sled.opcode = copy[0];
  std::memcpy(&sled.displacement, copy + 1, 4);
  return sled;
}

// The new slots of one image, with their gates.
[[nodiscard]] bool make_slots_of(Image &image, LinkedUpdate &update, Message &why) {
  Arena scratch;
  Vec<Slot *> fresh(scratch);
  for (LinkedFunction &function : update.functions) {
    if (function.image != &image || !needs_slot(function) || find_slot(function.sled))
      continue;
    bool twice = false;
    for (Slot *slot : fresh)
      twice |= slot->sled == function.sled;
    if (twice)
      continue;
    auto *slot = static_cast<Slot *>(immortal.get().allocate(sizeof(Slot)));
    if (!slot || !fresh.push_back(slot)) {
      why << "out of memory for slots";
      return false;
    }
    slot->index = static_cast<std::uint32_t>(slots.size() + fresh.size() - 1);
    slot->sled = function.sled;
    slot->original = function.sled + format::kSledSize;
    slot->idle_immediate = read_sled(function.sled).displacement;
    if (slot->index >= kSlotCapacity) {
      why << function.name << ": more than " << kSlotCapacity << " functions of this process have been patched";
      return false;
    }
    // The slot outlives the update that brought it.
    auto *original = static_cast<CodeRange *>(immortal.get().allocate(function.old_range_count * sizeof(CodeRange)));
    if (!original) {
      why << "out of memory for slots";
      return false;
    }
    std::memcpy(original, function.old_ranges, function.old_range_count * sizeof(CodeRange));
    if (!add_body(*slot, original, function.old_range_count, why))
      return false;
  }
  if (fresh.empty())
    return true;
  if (!slots.reserve(slots.size() + fresh.size())) {
    why << "out of memory for slots";
    return false;
  }
  if (!make_block(image, fresh.begin(), fresh.size(), why))
    return false;
  for (Slot *slot : fresh) {
    (void)slots.push_back(slot); // room was reserved above
    keep_order();
    enter(slot);
    enter_in_views(*slot);
  }
  return true;
}

// Whether the five bytes are what we left there: a breakpoint or another tool's hook means refusal.
[[nodiscard]] bool sled_is_ours(const Slot &slot, Message &why) {
  Sled sled = read_sled(slot.sled);
  std::int32_t expected = 0;
  arch::sled_displacement(slot.sled, slot.gate, expected);
  if (!slot.displacement_written)
    expected = slot.idle_immediate;
  std::uint8_t opcode = slot.armed ? format::kSledArmed : format::kSledIdle;
  if (sled.opcode == opcode && sled.displacement == expected)
    return true;
  why << "the entry of the function at ";
  why.hex(slot.sled) << " does not hold its sled: a breakpoint, or another tool's hook?";
  return false;
}

[[nodiscard]] bool write_opcodes(Slot *const *begin, std::size_t count, bool armed, Message &why) {
  const std::uint8_t opcode = armed ? format::kSledArmed : format::kSledIdle;
  for (std::size_t i = 0; i < count; ++i) {
    if (begin[i]->armed == armed)
      continue;
    if (!write_memory(begin[i]->sled, &opcode, 1, why))
      return false;
    begin[i]->armed = armed;
  }
  return true;
}

} // namespace

std::uint32_t slot_count() { return static_cast<std::uint32_t>(slots.size()); }
Slot &slot_at(std::uint32_t index) { return *slots[index]; }
std::uint32_t gate_block_count() { return static_cast<std::uint32_t>(blocks.size()); }
CodeRange gate_block(std::uint32_t index) { return blocks[index]; }

Slot *find_slot(std::uintptr_t sled) {
  for (std::uint32_t bucket = bucket_of(sled); buckets[bucket]; bucket = (bucket + 1) % kBuckets)
    if (buckets[bucket]->sled == sled)
      return buckets[bucket];
  return nullptr;
}

void restore_slots() {
  for (Slot *slot : slots) {
    if (!find_slot(slot->sled))
      enter(slot);
    enter_in_views(*slot);
    Sled sled = read_sled(slot->sled);
    std::int32_t to_gate = 0;
    arch::sled_displacement(slot->sled, slot->gate, to_gate);
    if (sled.opcode != format::kSledArmed && sled.opcode != format::kSledIdle)
      continue; // somebody else's, which whoever writes there finds out
    slot->armed = sled.opcode == format::kSledArmed;
    slot->displacement_written = sled.displacement == to_gate;
  }
}

bool make_slots(LinkedUpdate &update, Message &why) {
  slots.set_arena(immortal.get());
  blocks.set_arena(immortal.get());
  for (Image *image : update.images)
    if (!make_slots_of(*image, update, why))
      return false;
  for (LinkedFunction &function : update.functions)
    if (needs_slot(function) && !add_body(*find_slot(function.sled), function.new_ranges, function.new_range_count, why))
      return false;
  return true;
}

void forget_bodies(const LinkedUpdate &update) {
  for (const LinkedFunction &function : update.functions) {
    Slot *slot = needs_slot(function) ? find_slot(function.sled) : nullptr;
    for (BodyRanges **link = slot ? &slot->bodies : nullptr; link && *link; link = &(*link)->next)
      if ((*link)->ranges == function.new_ranges) {
        *link = (*link)->next;
        break;
      }
  }
}

bool arm(Slot *const *begin, std::size_t count, Message &why) {
  for (std::size_t i = 0; i < count; ++i)
    if (!sled_is_ours(*begin[i], why))
      return false;
  bool displacements = false;
  for (std::size_t i = 0; i < count; ++i) {
    Slot &slot = *begin[i];
    if (slot.displacement_written)
      continue;
    std::int32_t displacement = 0;
    arch::sled_displacement(slot.sled, slot.gate, displacement);
    if (!write_memory(slot.sled + 1, &displacement, 4, why))
      return false; // an immediate that nobody reads
    slot.displacement_written = displacements = true;
  }
  if (displacements)
    sync_core();

  // To take back only what this call armed.
  Arena scratch;
  Vec<Slot *> idle(scratch);
  for (std::size_t i = 0; i < count; ++i)
    if (!begin[i]->armed && !idle.push_back(begin[i])) {
      why << "out of memory while arming";
      return false;
    }
  if (!write_opcodes(idle.begin(), idle.size(), true, why)) {
    // Armed gates still lead to the current bodies: whatever cannot be taken back does no harm.
    Message ignored;
    (void)write_opcodes(idle.begin(), idle.size(), false, ignored);
    sync_core();
    return false;
  }
  if (!idle.empty())
    sync_core();
  return true;
}

bool disarm(Slot *const *begin, std::size_t count, Message &why) {
  for (std::size_t i = 0; i < count; ++i)
    if (!sled_is_ours(*begin[i], why))
      return false;
  if (count == 0)
    return true;
  if (!write_opcodes(begin, count, false, why))
    return false;
  sync_core();
  return true;
}

} // namespace wfp
