// Virtual functions, pure ones, and covariant ones: vtables stay, the functions behind them change.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function Square::area() const
// DIFF: replaced function Square::clone() const
// DIFF: replaced function total(Shape const&, Shape const&)
#include "Inputs/corpus.h"

struct Shape {
  virtual int area() const = 0;
  virtual Shape *clone() const = 0;
  virtual int corners() const { return 0; }
  virtual ~Shape() = default;
};
struct Square : Shape {
  explicit Square(int side) : side(side) {}
  int area() const override;
  Square *clone() const override; // covariant
  int corners() const override;
  int side;
};
int total(const Shape &a, const Shape &b);

#ifndef PROGRAM
int Square::area() const { return side * side * OLD_NEW(1, 10); }
Square *Square::clone() const { return new Square(side + OLD_NEW(0, 1)); }
int Square::corners() const { return 4; }
int total(const Shape &a, const Shape &b) { return a.area() + b.area() + OLD_NEW(0, a.corners()); }
#else

struct Dot final : Shape { // a class that the unit does not know
  int area() const override { return 1; }
  Shape *clone() const override { return new Dot; }
};

int main(int, char **argv) {
  Square square(3);
  Dot dot;
  Shape *volatile shape = &square;
  CHECK(shape->area() == 9 && total(square, dot) == 10);
  apply(argv[1]);
  CHECK(shape->area() == 90 && total(square, dot) == 95 && total(dot, square) == 91);
  Shape *copy = shape->clone();
  CHECK(copy->area() == 160 && dynamic_cast<Square *>(copy) && square.clone()->side == 4);
  revert();
  CHECK(shape->area() == 9 && copy->area() == 16 && shape->clone()->area() == 9);
  delete copy;
}
#endif
