// What the seeds are made of, C++: OLD as it stands, NEW with -DNEW.
#include <stdexcept>
#include <string>

#ifdef NEW
#define STEP 3
#else
#define STEP 2
#endif

struct Shape {
  virtual ~Shape();
  virtual int area(int scale) const { return scale; }
};
Shape::~Shape() = default;

namespace {
struct Square : Shape {
  int side = 4;
  int area(int scale) const override { return side * side * scale + STEP; }
};
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
} // namespace

template <class T> __attribute__((noinline)) T twice(T x) { return x + x + STEP; }

int subject_lazy(int x) {
  static std::string name(x, 'a');
  return static_cast<int>(name.size()) + twice(x);
}

__attribute__((noinline)) static int thrower(int x) {
  if (x > STEP)
    throw Failure("too large");
  return x;
}

int subject_catch(int x) {
  std::string text = "kept";
  try {
    return thrower(x) + twice(1L);
  } catch (const Failure &failure) {
    return static_cast<int>(text.size()) + STEP;
  } catch (int number) {
    return number;
  }
}

int subject_measure(int x) {
  Square square;
  Shape *shape = &square;
  asm("" : "+r"(shape));
  auto add = [x](int y) { return x + y + STEP; };
  return dynamic_cast<Square *>(shape) ? shape->area(x) : add(1);
}
