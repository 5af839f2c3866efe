#include "digest.h"

#include <string.h>

// Odd constants of SplitMix64 (Steele, Lea, Flood 2014).
#define GOLDEN 0x9e3779b97f4a7c15u
#define MIX 0xbf58476d1ce4e5b9u

// Not inlined, so that a long text is a long chain of calls.
__attribute__((noinline)) static uint64_t digest_block(uint64_t state, uint64_t word) {
  state = (state ^ word) * MIX;
  return state ^ (state >> 31);
}

void digest_begin(struct Digest *digest, uint64_t nonce) {
  digest->state = nonce + GOLDEN;
  digest->length = 0;
}

void digest_add(struct Digest *digest, const void *bytes, size_t length) {
  const char *next = bytes;
  digest->length += length;
  for (; length >= 8; next += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    digest->state = digest_block(digest->state, word);
  }
  uint64_t rest = 0;
  memcpy(&rest, next, length);
  if (length > 0)
    digest->state = digest_block(digest->state, rest);
}

uint64_t digest_end(struct Digest *digest) { return digest_block(digest->state, GOLDEN); }
