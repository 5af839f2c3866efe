// Closures that live on while another comes in front of them, which gives them other numbers: each goes on as what it is, and does again
// what it did when the update is reverted, those that the update made too.
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
using Closures = std::vector<std::function<int(int)>>;
enum { changing = 2, counting = 3 };
static int calls; // of the one that counts
// What each returns that is none of the inserted ones, as long as the one that changes has not.
static int expected[11];
static void check(const char *when, const Closures &closures, int plus) {
  CHECK(closures.size() == 11);
  for (int i = 0; i < 11; i++) {
    int wanted = expected[i] + (i == changing ? plus : i == counting ? calls++ : 0), found = closures[i](1);
    if (found != wanted)
      fprintf(stderr, "%s: closure %d: %d, not %d\n", when, i, found, wanted);
    CHECK(found == wanted);
  }
}
static Closures made() {
  held.clear();
  make(10, 3);
  return held;
}
int main(int, char **argv) {
  const Closures old = made();
  CHECK(old.size() == 11);
  for (int i = 0; i < 11; i++)
    expected[i] = old[i](1);
  expected[counting] -= calls++;
  int (*kept)(int) = pointer();
  CHECK(kept(6) == 24 && from_global(1) == 9);
  apply(argv[1]);
  check("old, applied", old, 1000);
  CHECK(kept(6) == 24 && pointer() == kept && from_global(1) == 1009);
  const Closures all = made();
  CHECK(all.size() == 20);
  Closures young, inserted;
  for (int i = 0; i < 20; i++) // in front of the first, and of all from the third to the last but one
    (i == 0 || (i % 2 == 1 && i >= 3 && i <= 17) ? inserted : young).push_back(all[i]);
  check("young, applied", young, 1000);
  std::vector<int> returned;
  for (auto &closure : inserted)
    returned.push_back(closure(1));
  revert();
  check("old, reverted", old, 0);
  check("young, reverted", young, 0);
  for (size_t i = 0; i < inserted.size(); i++)
    CHECK(inserted[i](1) == returned[i]);
  check("made again", made(), 0);
  CHECK(kept(6) == 24 && pointer() == kept && from_global(1) == 9);
}
#endif
