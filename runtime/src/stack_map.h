// Which record belongs to an address: a radix tree over the address space, with an entry for each page.
//
// Entries are hints: they stay when a record is given back, and a page can be shared by small stacks.  Whoever looks one up compares the
// record's bounds.
// Any thread; wait-free; looking up is async-signal-safe, entering maps memory the first time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp {

inline constexpr std::uintptr_t kStackPage = 4096;

// What was entered for the page of `address`; 0 if nothing was.
std::uint32_t page_entry(std::uintptr_t address);
// False when memory is out.
[[nodiscard]] bool enter_page(std::uintptr_t address, std::uint32_t entry);

} // namespace wfp
