// Closures of one signature and with the same captures that change places, while they are held: each goes on as what it is, also where
// only a table, or what is caught, tells them apart, with state of their own, one of them removed, and one that changed as well.
// RUN: env CORPUS_ANY=1 %corpus %s %t -O0
// RUN: env CORPUS_ANY=1 %corpus %s %t -O2 -g
#include "Inputs/corpus.h"
#include <functional>
#include <string>
#include <vector>

extern std::vector<std::function<int(int)>> held;
extern std::vector<std::function<const char *(int)>> names;
struct One {};
struct Other {};
int may_throw(int what);
void make(int a);

#ifndef PROGRAM
#ifdef NEW
#define IN_ORDER(A, B) B A
#else
#define IN_ORDER(A, B) A B
#endif
#define HOLD(...) held.push_back(__VA_ARGS__);
#define NAME(...) names.push_back(__VA_ARGS__);
static void counting() {
  IN_ORDER(HOLD([](int x) {
    static int count = 0;
    return ++count + x;
  }), HOLD([](int x) {
    static int count = 100;
    return --count + x;
  }))
}
static void catching(int a) {
  IN_ORDER(HOLD([a](int x) {
    try {
      return may_throw(x);
    } catch (One) {
      return a;
    } catch (...) {
      return -1;
    }
  }), HOLD([a](int x) {
    try {
      return may_throw(x);
    } catch (Other) {
      return a;
    } catch (...) {
      return -1;
    }
  }))
}
static void naming() {
  IN_ORDER(NAME([](int x) {
    switch (x) {
    case 0: return "none";
    case 1: return "one";
    case 2: return "two";
    case 3: return "three";
    default: return "many";
    }
  }), NAME([](int x) {
    switch (x) {
    case 0: return "null";
    case 1: return "eins";
    case 2: return "zwei";
    case 3: return "drei";
    default: return "viele";
    }
  }))
}
static void changing(int a) {
  IN_ORDER(HOLD([a](int x) { return a + x; }), HOLD([a](int x) { return a * 7 + x + OLD_NEW(0, 1000); }))
}
static void removing(int a) {
#ifndef NEW
  HOLD([a](int x) { return a - x; })
#endif
  HOLD([a](int x) { return x - 2 * a; })
}
void make(int a) {
  counting();
  catching(a);
  naming();
  changing(a);
  removing(a);
}
#else
std::vector<std::function<int(int)>> held;
std::vector<std::function<const char *(int)>> names;
int may_throw(int what) {
  if (what == 1)
    throw One();
  throw Other();
}
static std::string named(size_t which) {
  std::string all;
  for (int x = 0; x < 5; x++)
    all += names[which](x), all += ' ';
  return all;
}
static const char english[] = "none one two three many ", german[] = "null eins zwei drei viele ";
int main(int, char **argv) {
  make(10);
  CHECK(held.size() == 8 && names.size() == 2);
  const std::vector<std::function<int(int)>> old = held;
  auto unchanged = [&] {
    return old[2](1) == 10 && old[2](2) == -1 && old[3](1) == -1 && old[3](2) == 10 && named(0) == english && named(1) == german &&
           old[4](1) == 11 && old[6](1) == 9 && old[7](1) == -19;
  };
  CHECK(unchanged() && old[0](0) == 1 && old[1](0) == 99 && old[5](1) == 71);
  apply(argv[1]);
  CHECK(unchanged() && old[0](0) == 2 && old[1](0) == 98 && old[5](1) == 1071);
  held.clear();
  make(10); // in the other order
  CHECK(held.size() == 7 && held[0](0) == 97 && held[1](0) == 3);
  CHECK(held[2](1) == -1 && held[3](1) == 10 && held[4](1) == 1071 && held[5](1) == 11 && held[6](1) == -19);
  CHECK(named(2) == german && named(3) == english);
  const std::vector<std::function<int(int)>> young = held;
  revert();
  CHECK(unchanged() && old[0](0) == 4 && old[1](0) == 96 && old[5](1) == 71);
  CHECK(young[0](0) == 95 && young[1](0) == 5 && young[4](1) == 71 && young[5](1) == 11 && young[6](1) == -19);
  CHECK(named(2) == german && named(3) == english);
  held.clear();
  make(10);
  CHECK(held.size() == 8 && held[0](0) == 6 && held[1](0) == 94 && held[4](1) == 11 && held[5](1) == 71);
}
#endif
