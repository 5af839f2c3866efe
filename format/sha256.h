// SHA-256 (FIPS 180-4), for the ids of updates and the digests of old code.
//
// Own code, since the runtime may depend on no library.  No allocation, no state outside the object, async-signal-safe;
// uses the CPU's SHA instructions where it has them: an update is hashed while a server waits for nothing, but its
// operator does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wfp::format {

class Sha256 {
public:
  static constexpr std::size_t kDigestBytes = 32;

  Sha256();
  void update(const void *bytes, std::size_t count);
  void update_zeros(std::size_t count);
  // Writes the digest; the object must not be updated afterwards.
  void finish(std::uint8_t digest[kDigestBytes]);

  // One of the two implementations, for tests: false where the CPU lacks the instructions.
  static bool use_instructions(bool wanted);

private:
  std::uint32_t state_[8];
  std::uint64_t length_ = 0; // bytes so far
  std::uint8_t block_[64];
};

} // namespace wfp::format
