// Call frame information, from an object's .eh_frame_hdr to the rule for one return address (LSB 5.0 core, 10.6; DWARF
// 5, 6.4).
//
// Everything is read through `CfiMemory`, which fails instead of faulting, into bounded buffers: tables may be damaged,
// or vanish with their object.  What is not understood gives no rule, never a guess. No thread in particular; the
// caller owns the scratch.  No allocation.
#pragma once

#include "runtime/src/frame_rule.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

// Copies [address, address + size) to `to`; false when any of it cannot be read.
using CfiMemory = bool (*)(std::uintptr_t address, void *to, std::size_t size);

// Longer entries (a function's of some ten thousand instructions that move the stack pointer) give no rule.
inline constexpr std::size_t kMaxFdeBytes = 32 * 1024, kMaxCieBytes = 1024;

struct CfiScratch {
  std::uint8_t fde[kMaxFdeBytes];
  std::uint8_t cie[kMaxCieBytes];
  std::uint8_t rows[8 * 256];
};

// The rule of the return address `pc` in the table at `header`.  kind == kUnknown when the table has none for it, when
// it belongs to a signal's frame, or needs what FrameRule cannot say.
FrameRule find_frame_rule(CfiMemory memory, std::uintptr_t header, std::uintptr_t pc, CfiScratch &scratch);

} // namespace wfp
