#include "runtime/src/stack_map.h"

#include "runtime/src/base/sys.h"

#include <atomic>
#include <sys/mman.h>

namespace wfp {

namespace {

// 47 bits of address: 12 of the page, then 11, 12 and 12 from below.
constexpr unsigned kPageBits = 12, kLeafBits = 11, kNodeBits = 12, kAddressBits = 47;

struct Leaf {
  std::atomic<std::uint32_t> entries[1u << kLeafBits];
};
struct Node {
  std::atomic<Leaf *> leaves[1u << kNodeBits];
};
std::atomic<Node *> root[1u << kNodeBits];

std::size_t leaf_index(std::uintptr_t address) { return address >> kPageBits & ((1u << kLeafBits) - 1); }
std::size_t node_index(std::uintptr_t address) { return address >> (kPageBits + kLeafBits) & ((1u << kNodeBits) - 1); }
std::size_t root_index(std::uintptr_t address) { return address >> (kPageBits + kLeafBits + kNodeBits); }
bool in_tree(std::uintptr_t address) { return address >> kAddressBits == 0; }

// What is at `place`, made if it is not there; of two threads that make it one unmaps its own again.
template <typename T> T *get_or_make(std::atomic<T *> &place) {
  T *there = place.load(std::memory_order_acquire);
  if (there)
    return there;
  long memory = sys::call(SYS_mmap, nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys::failed(memory))
    return nullptr;
  T *made = reinterpret_cast<T *>(memory); // all zero, which is what an empty one is
  if (place.compare_exchange_strong(there, made, std::memory_order_acq_rel))
    return made;
  sys::call(SYS_munmap, memory, sizeof(T));
  return there;
}

} // namespace

std::uint32_t page_entry(std::uintptr_t address) {
  if (!in_tree(address))
    return 0;
  Node *node = root[root_index(address)].load(std::memory_order_acquire);
  Leaf *leaf = node ? node->leaves[node_index(address)].load(std::memory_order_acquire) : nullptr;
  return leaf ? leaf->entries[leaf_index(address)].load(std::memory_order_acquire) : 0;
}

bool enter_page(std::uintptr_t address, std::uint32_t entry) {
  Node *node = in_tree(address) ? get_or_make(root[root_index(address)]) : nullptr;
  Leaf *leaf = node ? get_or_make(node->leaves[node_index(address)]) : nullptr;
  if (!leaf)
    return false;
  leaf->entries[leaf_index(address)].store(entry, std::memory_order_release);
  return true;
}

} // namespace wfp
