// Memory for new code, read-only data and data within reach (+-2 GiB) of an image, never writable and executable (G4).
//
// Room is reserved PROT_NONE near each image when it is first needed (out of brk's way; below 2 GiB for a position-dependent
// image) and handed out in order; what has been published is never given back (G6).  Code goes into a memfd that is filled,
// sealed (F_SEAL_WRITE|GROW|SHRINK|SEAL) and then mapped private R-X; every batch has a file of its own: a memfd that is
// written after a fork would change the other process's code.
// Control thread only (or before it exists).
#pragma once

#include "runtime/src/base/text.h"
#include "runtime/src/image.h"

#include <cstddef>
#include <cstdint>

namespace wfp {

// Reserves address space near `image`, page-aligned; 0 and `why` when there is none.
[[nodiscard]] std::uintptr_t take_room(Image &image, std::size_t bytes, Message &why);
// Gives back the room taken last (nothing may have been mapped there that anybody could still use).
void return_room(Image &image, std::uintptr_t address, std::size_t bytes);

// Maps `bytes` (size rounded up to pages) at `address` (taken room), final and read-only: R-X, or R-- when `executable` is
// false.
[[nodiscard]] bool map_sealed(std::uintptr_t address, const void *bytes, std::size_t size, bool executable,
                              const char *name, Message &why);
// Maps zeroed private RW memory at `address` (taken room).
[[nodiscard]] bool map_data(std::uintptr_t address, std::size_t size, Message &why);

} // namespace wfp
