#include "runtime/src/base/arena.h"

#include "runtime/src/base/sys.h"

#include <sys/mman.h>

namespace wfp {

// An update takes a dozen short-lived arenas, and mappings and page faults are what it would spend its time on: chunks of the
// usual size are populated at once, and a few are kept for the next arena.
namespace {
constexpr std::size_t kChunkBytes = 16 * 1024;
constexpr std::size_t kAlignment = 16;
constexpr std::size_t kMostKept = 16;
} // namespace

struct Arena::Chunk {
  Chunk *next;
  std::size_t bytes;
  std::size_t used;
  bool used_before; // holds what an earlier arena left: zeroed as it is handed out
};

// Of the usual size.  Single-threaded, as all arenas are.
Arena::Chunk *Arena::kept;
std::size_t Arena::kept_count;

Arena::Chunk *Arena::take_chunk(std::size_t bytes) {
  if (bytes <= kChunkBytes && kept) {
    Chunk *chunk = kept;
    kept = chunk->next;
    --kept_count;
    return chunk;
  }
  std::size_t wanted = bytes > kChunkBytes ? (bytes + 4095) & ~std::size_t{4095} : kChunkBytes;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | (wanted == kChunkBytes ? MAP_POPULATE : 0);
  long address = sys::call(SYS_mmap, nullptr, wanted, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (sys::failed(address))
    return nullptr;
  auto *chunk = reinterpret_cast<Chunk *>(address);
  chunk->bytes = wanted;
  return chunk;
}

void Arena::give_chunk(Chunk *chunk) {
  if (chunk->bytes != kChunkBytes || kept_count == kMostKept) {
    sys::call(SYS_munmap, chunk, chunk->bytes);
    return;
  }
  chunk->used_before = true;
  chunk->next = kept;
  kept = chunk;
  ++kept_count;
}

void Arena::prepare(std::size_t chunks) {
  while (kept_count < chunks) {
    long address = sys::call(SYS_mmap, nullptr, kChunkBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (sys::failed(address))
      return;
    auto *chunk = reinterpret_cast<Chunk *>(address);
    chunk->bytes = kChunkBytes;
    give_chunk(chunk);
  }
}

void *Arena::allocate(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return nullptr;
  bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
  constexpr std::size_t kHead = (sizeof(Chunk) + kAlignment - 1) & ~(kAlignment - 1);
  if (!chunks_ || chunks_->bytes - chunks_->used < bytes) {
    Chunk *chunk = take_chunk(bytes + kHead);
    if (!chunk)
      return nullptr;
    chunk->next = chunks_;
    chunk->used = kHead;
    keep_order();
    chunks_ = chunk;
  }
  void *result = reinterpret_cast<char *>(chunks_) + chunks_->used;
  chunks_->used += bytes;
  if (chunks_->used_before)
    std::memset(result, 0, bytes);
  return result;
}

char *Arena::copy_string(const char *text, std::size_t length) {
  char *copy = static_cast<char *>(allocate(length + 1));
  if (copy)
    std::memcpy(copy, text, length);
  return copy;
}

void Arena::release() {
  while (chunks_) {
    Chunk *next = chunks_->next;
    give_chunk(chunks_);
    chunks_ = next;
  }
}

} // namespace wfp
