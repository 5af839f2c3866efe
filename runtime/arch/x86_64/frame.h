// What unwinding has to know about this CPU: DWARF's numbers of the registers (System V psABI, figure 3.36), and calls.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::arch {

inline constexpr std::uint64_t kDwarfFramePointer = 6, kDwarfStackPointer = 7, kDwarfReturnAddress = 16;

// The most bytes that a call has, prefixes left aside: ff /2 with SIB and disp32.
inline constexpr std::size_t kCallBytes = 7;

// Whether the kCallBytes bytes before a return address end in a call.  True for every return address; seldom for
// another word.
bool ends_in_call(const std::uint8_t (&before)[kCallBytes]);

} // namespace wfp::arch
