#include "runtime/src/base/arena.h"

#include "runtime/src/base/sys.h"

#include <sys/mman.h>

namespace wfp {

namespace {
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kAlignment = 16;
} // namespace

struct Arena::Chunk {
  Chunk *next;
  std::size_t bytes;
};

void *Arena::allocate(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return nullptr;
  bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
  if (!chunks_ || chunks_->bytes - used_ < bytes) {
    std::size_t wanted = bytes + sizeof(Chunk) > kChunkBytes ? bytes + sizeof(Chunk) : kChunkBytes;
    wanted = (wanted + 4095) & ~std::size_t{4095};
    long address = sys::call(SYS_mmap, nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sys::failed(address))
      return nullptr;
    auto *chunk = reinterpret_cast<Chunk *>(address);
    chunk->next = chunks_;
    chunk->bytes = wanted;
    chunks_ = chunk;
    used_ = sizeof(Chunk);
  }
  void *result = reinterpret_cast<char *>(chunks_) + used_;
  used_ += bytes;
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
    sys::call(SYS_munmap, chunks_, chunks_->bytes);
    chunks_ = next;
  }
  used_ = 0;
}

} // namespace wfp
