// Unwinding through code that the dynamic linker does not know: updates and gates.
//
// libgcc (12 and later) asks _dl_find_object() for the unwind table of an address, older and other unwinders ask
// dl_iterate_phdr().  The runtime interposes both and answers for its own code from an immutable, sorted array:
//
//   who           does                                   against
//   control       copies the array, adds a range,        a reader sees the old array or the new one, both complete
//                 release-stores the pointer
//   application   acquire-loads the pointer, searches    never waits, never writes
//
// The linearisation point is the store of the pointer.  Old arrays are never freed (a reader may be in one): there is one
// for each registration, so they are bounded by the number of distinct updates and blocks of gates.
// __register_frame is not used: on libgcc 12 one registration puts a mutex on every throw.
#pragma once

#include "runtime/src/base/text.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

struct Image;

// Looks up the functions that are interposed; before that, the interposers do it themselves on first use.  Application
// thread that initialises the runtime.
void resolve_unwind_interposers();

// From now on [begin, end) is unwound with the table at `header` (an .eh_frame_hdr).  False when memory is out.  Control
// thread (or before it exists).
[[nodiscard]] bool register_code_unwind(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t header, Message &why);
void unregister_code_unwind(std::uintptr_t begin);

// For gates, code that never moves the stack pointer: CFA = rsp + 8 all through.  Makes the table near the image, maps and
// registers it.
[[nodiscard]] bool register_gate_unwind(Image &image, std::uintptr_t begin, std::uintptr_t end, Message &why);

// The table itself: version, encodings, then rows sorted by `begin`.
struct UnwindRow {
  std::uintptr_t begin; // first instruction that the FDE covers
  std::uintptr_t fde;
};
std::size_t unwind_header_bytes(std::size_t rows);
// `bytes` will be mapped at `address`, the frame table is at `frames`, all within 2 GiB.  Sorts `rows`.
void write_unwind_header(std::uint8_t *bytes, std::uintptr_t address, std::uintptr_t frames, UnwindRow *rows,
                         std::uint32_t count);

// The FDE table that covers `address`, or 0: what the interposers answer.  Any thread, async-signal-safe.
struct UnwindRange {
  std::uintptr_t begin, end;
  std::uintptr_t header;
};
bool find_code_unwind(std::uintptr_t address, UnwindRange &found);

} // namespace wfp
