// Is an affected function active on a stack?
//
// Conservatively: a word between the stack pointer and the stack's end counts if it lies in [behind the sled, end] of any
// part of an affected function, or in a gate.  A return address can equal the end (the function's last call never
// returns); it never equals the entry, which function pointers do.  The first byte behind the sled counts
// for an interrupted program counter.  No hit is proof, on a stack that we know; a hit may be a stale word.
#pragma once

#include "runtime/src/publication.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

// The affected range that a word of [begin, end) points into, or nullptr.  Any thread; async-signal-safe; reads only.
const AffectedRange *find_active(const Transition &transition, const std::uintptr_t *begin, const std::uintptr_t *end);

} // namespace wfp
