// Linking updates into the fuzz target itself, as the control thread would.
#pragma once

#include <cstdint>
#include <vector>

namespace wfp::fuzz {

// True if it could be linked; it is taken back at once.
bool link_and_unlink(const std::vector<std::uint8_t> &file);

} // namespace wfp::fuzz
