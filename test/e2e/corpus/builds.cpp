// The same for C++: builds.c.
// RUN: %corpus %s %t -O0 -g
// RUN: %corpus %s %t -O1 -fPIC
// RUN: %corpus %s %t -O2 -g -fvisibility=hidden -fvisibility-inlines-hidden
// RUN: %corpus %s %t -O3 -fno-pie -g
// RUN: %corpus %s %t -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fcf-protection -ftrivial-auto-var-init=zero
// RUN: %corpus %s %t -O1 -mretpoline -pg -finstrument-functions
// RUN: %corpus %s %t -O2 -fsanitize=safe-stack
// RUN: %corpus %s %t -O2 -fsanitize=undefined
// RUN: env CORPUS_FORM=archive %corpus %s %t -O2 -g -fuse-ld=lld -Wl,--gc-sections,--icf=safe
// RUN: env CORPUS_FORM=relocatable %corpus %s %t -O2 -g -fuse-ld=lld
// UNITS: shapes users
// DIFF: replaced function Square::area() const
// DIFF: replaced function sum_of(int)
// DIFF: replaced function fails(int)
// DIFF: replaced function caught(int)
#include "Inputs/corpus.h"
#include <stdexcept>
#include <string>
#include <vector>

struct Shape {
  virtual ~Shape();
  virtual int area() const = 0;
};
struct Square : Shape {
  explicit Square(int side) : side(side) {}
  int area() const override;
  int side;
};
int sum_of(int count), fails(int value), caught(int value);

#ifdef UNIT_shapes
Shape::~Shape() {}
int Square::area() const { return OLD_NEW(side * side, side * side + 1); }
NOINLINE int fails(int value) {
  if (value > OLD_NEW(10, 5))
    throw std::out_of_range(OLD_NEW("old", "new"));
  return value;
}
#elif defined(UNIT_users)
int sum_of(int count) {
  std::vector<int> areas;
  for (int i = 0; i < count; ++i)
    areas.push_back(Square(i).area());
  int sum = OLD_NEW(0, 1000);
  for (int area : areas)
    sum += area;
  return sum;
}
int caught(int value) {
  std::string text = "unset";
  try {
    return fails(value);
  } catch (const std::exception &e) {
    text = e.what();
  }
  return text == "old" ? OLD_NEW(-1, -11) : text == "new" ? OLD_NEW(-2, -22) : -3;
}
#else

int main(int, char **argv) {
  for (int round = 0; round < 2; ++round) {
    Square square(4);
    Shape &shape = square;
    CHECK(shape.area() == 16 && sum_of(3) == 5 && caught(7) == 7 && caught(11) == -1);
    apply(argv[1]);
    CHECK(shape.area() == 17 && sum_of(3) == 1008 && caught(7) == -22 && caught(3) == 3);
    try {
      fails(20);
      CHECK(false);
    } catch (const std::out_of_range &e) {
      CHECK(std::string(e.what()) == "new");
    }
    revert();
  }
}
#endif
