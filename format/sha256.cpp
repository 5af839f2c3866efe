#include "format/sha256.h"

#include <cpuid.h>
#include <cstring>
#include <immintrin.h>

namespace wfp::format {

namespace {

alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t rotate_right(std::uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

void compress_portable(std::uint32_t state[8], const std::uint8_t *block, std::size_t blocks) {
  for (; blocks; --blocks, block += 64) {
    std::uint32_t w[64];
    for (int i = 0; i < 16; ++i)
      w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
             std::uint32_t{block[4 * i + 2]} << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; ++i) {
      std::uint32_t s0 = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ w[i - 15] >> 3;
      std::uint32_t s1 = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    std::uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; ++i) {
      std::uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
      std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      std::uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
      std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1;
      d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

// The instructions keep the state as two vectors, {A,B,E,F} and {C,D,G,H} from the highest lane down (Intel SDM,
// SHA256RNDS2), and do two rounds each; SHA256MSG1/2 extend the message schedule four words at a time.
__attribute__((target("sha,sse4.1,ssse3"))) void compress_instructions(std::uint32_t state[8], const std::uint8_t *block,
                                                                       std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i *>(state));
  __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i *>(state + 4));
  __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
  __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; blocks; --blocks, block += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 16; ++i) {
      __m128i &now = w[i & 3];
      if (i < 4) {
        now = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(block + 16 * i)), big_endian);
      } else {
        const __m128i newest = w[(i + 3) & 3];
        __m128i sum = _mm_sha256msg1_epu32(now, w[(i + 1) & 3]);
        sum = _mm_add_epi32(sum, _mm_alignr_epi8(newest, w[(i + 2) & 3], 4));
        now = _mm_sha256msg2_epu32(sum, newest);
      }
      __m128i words = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i *>(kRound + 4 * i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i *>(state), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

bool cpu_has_instructions() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

enum Choice : int { kUnknown, kPortable, kInstructions };
// Relaxed: every thread that finds kUnknown computes the same answer, and nothing else hangs on it.
int choice = kUnknown;

void compress(std::uint32_t state[8], const std::uint8_t *blocks, std::size_t count) {
  int now = __atomic_load_n(&choice, __ATOMIC_RELAXED);
  if (now == kUnknown) {
    now = cpu_has_instructions() ? kInstructions : kPortable;
    __atomic_store_n(&choice, now, __ATOMIC_RELAXED);
  }
  (now == kInstructions ? compress_instructions : compress_portable)(state, blocks, count);
}

} // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

bool Sha256::use_instructions(bool wanted) {
  if (wanted && !cpu_has_instructions())
    return false;
  __atomic_store_n(&choice, wanted ? kInstructions : kPortable, __ATOMIC_RELAXED);
  return true;
}

void Sha256::update(const void *bytes, std::size_t count) {
  const auto *next = static_cast<const std::uint8_t *>(bytes);
  std::size_t held = length_ % 64;
  length_ += count;
  if (held) {
    std::size_t taken = count < 64 - held ? count : 64 - held;
    std::memcpy(block_ + held, next, taken);
    next += taken;
    count -= taken;
    if (held + taken < 64)
      return;
    compress(state_, block_, 1);
  }
  if (count >= 64) {
    compress(state_, next, count / 64);
    next += count & ~std::size_t{63};
  }
  if (count % 64)
    std::memcpy(block_, next, count % 64);
}

void Sha256::update_zeros(std::size_t count) {
  static constexpr std::uint8_t kZeros[64] = {};
  for (; count > 64; count -= 64)
    update(kZeros, 64);
  update(kZeros, count);
}

void Sha256::finish(std::uint8_t digest[kDigestBytes]) {
  static constexpr std::uint8_t kOne = 0x80;
  std::uint64_t bits = length_ * 8;
  update(&kOne, 1);
  update_zeros((64 + 56 - length_ % 64) % 64);
  std::uint8_t length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
  update(length, 8);
  for (int i = 0; i < 32; ++i)
    digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
}

} // namespace wfp::format
