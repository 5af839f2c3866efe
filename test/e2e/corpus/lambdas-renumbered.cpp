// Closures that live on while another comes in front of them, which gives them other numbers: each goes on as what it is.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: env CORPUS_ANY=1 %corpus %s %t -O2 -g
#include "Inputs/corpus.h"
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

extern std::vector<std::function<int(int)>> held;
extern std::function<int(int)> from_global;
struct Initialised {
  std::function<int(int)> member;
  Initialised();
};
void make(int first, int second);
int (*pointer())(int);

#ifndef PROGRAM
#ifdef NEW
#define INSERTED(...) held.push_back(__VA_ARGS__);
#define PLUS 1000
#else
#define INSERTED(...)
#define PLUS 0
#endif
// Of one signature and with the same captures, so that nothing but what they do tells them apart.
static void plain(int a, int b) {
  INSERTED([a, b](int x) { return -a - b - x; })
  held.push_back([a, b](int x) { return a * 2 + b + x; });
  held.push_back([a, b](int x) { return a * 3 - b + x; });
}
// The second one changes: what it captures tells it.
static void changes(int a, int b) {
  INSERTED([b](int x) { return b - x; })
  held.push_back([a](int x) { return a + x + PLUS; });
}
static void counts() {
  INSERTED([](int x) { return x ^ 7; })
  held.push_back([](int x) {
    static int count = 0;
    return ++count + x;
  });
}
static void moves(int a) {
  auto owned = std::make_unique<int>(a);
  std::shared_ptr<int> shared = std::move(owned);
  INSERTED([copy = *shared + 5](int x) { return copy + x; })
  held.push_back([shared = std::move(shared), base = a + 1](int x) { return *shared + base + x; });
}
static void nested(int a) {
  INSERTED([a](int x) { return [x, a](int y) { return x - y - a; }(3); })
  held.push_back([a](int x) {
    std::function<int(int)> inner = [a, x](int y) { return a * x + y; };
    return inner(4);
  });
}
static void generic(int a) {
  INSERTED([a](auto x) { return x * a - 77; })
  held.push_back([a](auto x) { return x * a + 1; });
}
template <class T> void in_template(T a) {
  INSERTED([a](int x) { return int(a) - 9 * x; })
  held.push_back([a](int x) { return int(a) + 9 * x; });
}
inline void in_inline(int a) {
  INSERTED([a](int x) { return a / (x + 1); })
  held.push_back([a](int x) { return a * (x + 1); });
}
struct Default {
#ifdef NEW
  int (*other)(int) = [](int x) { return x - 12; };
#else
  int (*other)(int) = nullptr;
#endif
  int (*member)(int) = [](int x) { return x + 12; };
};
void make(int a, int b) {
  plain(a, b);
  changes(a, b);
  counts();
  moves(a);
  nested(a);
  generic(a);
  in_template(a);
  in_template(char(a));
  in_inline(a);
  Default d;
  held.push_back(d.member);
}
int (*pointer())(int) {
#ifdef NEW
  int (*other)(int) = [](int x) { return x * 5; };
  if (other(1) != 5)
    return other;
#endif
  return [](int x) { return x * 4; };
}
std::function<int(int)> from_global = [](int x) { return x + 8 + PLUS; };
#else
std::vector<std::function<int(int)>> held;
static std::vector<int> all(size_t count) {
  std::vector<int> result;
  for (size_t i = 0; i < count; i++)
    result.push_back(held[i](1));
  return result;
}
int main(int, char **argv) {
  make(10, 3);
  const size_t count = held.size();
  CHECK(count == 11);
  int (*kept)(int) = pointer();
  std::vector<int> before = all(count);
  CHECK(kept(6) == 24 && from_global(1) == 9);
  apply(argv[1]);
  before[2] += 1000; // the one that changed
  before[3] += 1;    // the one that counts
  const std::vector<int> after = all(count);
  for (size_t i = 0; i < count; i++)
    if (after[i] != before[i])
      fprintf(stderr, "closure %zu: %d, not %d\n", i, after[i], before[i]);
  CHECK(after == before);
  CHECK(kept(6) == 24 && pointer() == kept && from_global(1) == 1009);
  held.clear();
  make(10, 3);
  CHECK(held.size() == 20);
  held.clear();
  make(10, 3);
  revert();
}
#endif
