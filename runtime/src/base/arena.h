// Memory for the control thread, which may not use malloc (sys.h): chunks from mmap, handed out in order, given back all
// at once.  What belongs to an update lives in the update's arena, what belongs to a request in the request's.
// Single-threaded: the owner is the control thread, or the thread that initialises the runtime before there is one.
//
// A fork's child finds all of this as it was between two instructions of its parent's control thread (init.cpp).  So what lives longer
// than a request is changed in an order in which every moment is sound: at worst some memory is lost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

namespace wfp {

// For memory that a fork's child may find in the middle of a change: what is written before stands before what is written after.
// (The processor's stores come in their order; this one is the compiler's.)
inline void keep_order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

class Arena {
public:
  constexpr Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena() { release(); }

  // Zeroed memory, aligned to 16; nullptr when the kernel gives none.
  void *allocate(std::size_t bytes);
  char *copy_string(const char *text, std::size_t length); // NUL-terminated; nullptr as above
  void release();
  // Keeps so many chunks (16 KiB each) ready, so that the first update need not wait for them; at most 16.
  static void prepare(std::size_t chunks);
  // In a fork's child: the control thread of the parent may have been changing the list of ready chunks.  They are lost.
  static void forget_ready() { kept = nullptr, kept_count = 0; }

private:
  struct Chunk;
  static Chunk *take_chunk(std::size_t bytes);
  static void give_chunk(Chunk *chunk);
  static Chunk *kept; // between arenas
  static std::size_t kept_count;

  Chunk *chunks_ = nullptr; // the newest first
};

// An object that exists from before the first instruction until the process ends: no constructor or destructor runs, which
// the runtime could not order against the program's.  For types whose initial state is all zero.
template <typename T> struct Immortal {
  T &get() { return *reinterpret_cast<T *>(storage); }
  alignas(T) unsigned char storage[sizeof(T)] = {};
};

// A growing array in an arena.  T is trivially copyable; push_back returns nullptr when memory is out.
template <typename T> class Vec {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  constexpr Vec() = default;
  explicit Vec(Arena &arena) : arena_(&arena) {}
  void set_arena(Arena &arena) { arena_ = &arena; }

  [[nodiscard]] bool reserve(std::size_t capacity) {
    if (capacity <= capacity_)
      return true;
    std::size_t grown = capacity_ ? capacity_ * 2 : 8;
    if (grown < capacity)
      grown = capacity;
    T *items = static_cast<T *>(arena_->allocate(grown * sizeof(T)));
    if (!items)
      return false;
    if (size_)
      std::memcpy(static_cast<void *>(items), items_, size_ * sizeof(T));
    keep_order();
    items_ = items;
    keep_order();
    capacity_ = grown;
    return true;
  }
  [[nodiscard]] T *push_back(const T &value) {
    T copy = value;
    if (!reserve(size_ + 1))
      return nullptr;
    T *item = new (&items_[size_]) T(copy);
    keep_order();
    ++size_;
    return item;
  }
  void pop_back() { --size_; }
  void resize_down(std::size_t size) { size_ = size; }
  void clear() { size_ = 0; }

  T *begin() { return items_; }
  T *end() { return items_ + size_; }
  const T *begin() const { return items_; }
  const T *end() const { return items_ + size_; }
  T &operator[](std::size_t index) { return items_[index]; }
  const T &operator[](std::size_t index) const { return items_[index]; }
  T &back() { return items_[size_ - 1]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

private:
  Arena *arena_ = nullptr;
  T *items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Sorts in place without a library: heapsort, since std::sort would pull in more than the runtime may carry.
template <typename T, typename Less> void sort(T *items, std::size_t count, Less less) {
  auto sift = [&](std::size_t root, std::size_t end) {
    for (std::size_t child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && less(items[child], items[child + 1]))
        ++child;
      if (!less(items[root], items[child]))
        return;
      T swap = items[root];
      items[root] = items[child];
      items[child] = swap;
    }
  };
  for (std::size_t root = count / 2; root-- > 0;)
    sift(root, count);
  for (std::size_t end = count; end-- > 1;) {
    T swap = items[0];
    items[0] = items[end];
    items[end] = swap;
    sift(0, end);
  }
}

} // namespace wfp
