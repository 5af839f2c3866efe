// operator new and delete, those of a class and the program's replacement of the global ones: memory that one version gave is
// taken back by the other.
// RUN: %corpus %s %t -O2 -g -Wno-inline-new-delete
// DIFF: replaced function Pooled::operator new(unsigned long)
// DIFF: replaced function Pooled::operator delete(void*, unsigned long)
// DIFF: replaced function operator new(unsigned long)
// DIFF: replaced function operator delete(void*)
// DIFF: replaced function operator delete(void*, unsigned long)
#include "Inputs/corpus.h"
#include <new>
#include <stdlib.h>
#include <string.h>
#include <string>

struct Pooled {
  static void *operator new(size_t size);
  static void operator delete(void *memory, size_t size);
  long payload[4];
};
struct Counts {
  int global[2], global_back[2], pooled[2], pooled_back[2];
};
extern Counts counts;

#ifndef PROGRAM
Counts counts;
static struct { Pooled *free; long room[64]; int used; } pool;
void *Pooled::operator new(size_t size) {
  ++counts.pooled[OLD_NEW(0, 1)];
  if (Pooled *p = pool.free) {
    memcpy(static_cast<void *>(&pool.free), static_cast<void *>(p), sizeof(void *));
    return p;
  }
  return &pool.room[4 * pool.used++];
}
void Pooled::operator delete(void *memory, size_t size) {
  counts.pooled_back[OLD_NEW(0, 1)] += size == sizeof(Pooled);
  memcpy(memory, static_cast<void *>(&pool.free), sizeof(void *));
  pool.free = static_cast<Pooled *>(memory);
}
void *operator new(size_t size) {
  ++counts.global[OLD_NEW(0, 1)];
  if (void *memory = malloc(size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept {
  counts.global_back[OLD_NEW(0, 1)] += memory != nullptr;
  free(memory);
}
void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
#else
int main(int, char **argv) {
  Pooled *volatile first = new Pooled, *volatile second = new Pooled;
  std::string *volatile text = new std::string(100, 'x');
  CHECK(counts.pooled[0] == 2 && counts.global[0] >= 2 && first != second);
  apply(argv[1]);
  int old_back = counts.global_back[0];
  delete first;
  delete text; // and its buffer
  CHECK(counts.pooled_back[1] == 1 && counts.global_back[1] >= 2 && counts.global_back[0] == old_back);
  Pooled *volatile third = new Pooled;
  CHECK(third == first && counts.pooled[1] == 1);
  std::string *volatile more = new std::string(200, 'y');
  CHECK(counts.global[1] >= 2);
  revert();
  delete third;
  delete second;
  delete more;
  CHECK(counts.pooled_back[0] == 2 && counts.global_back[0] >= old_back + 2);
}
#endif
