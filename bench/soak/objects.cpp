// A patched unit in C++, versions 1 and 2: exceptions that leave patched frames, virtual functions, thread-locals with destructors.
#include "soak.h"

#include <cstddef>
#include <memory>

#define OPAQUE __attribute__((noinline))

namespace {

struct Failure {
  int version;
};

class Shape {
public:
  virtual ~Shape() = default;
  virtual int version() const = 0;
};
class Round final : public Shape {
public:
  OPAQUE int version() const override { return soak_opaque(VERSION); }
};

OPAQUE int leaf(const Shape &shape) { return shape.version(); }

OPAQUE void fall(const Shape &shape, int depth, SoakAction *inside) {
  std::unique_ptr<int> owned(new int(depth)); // a landing pad in every frame
  if (depth > 0)
    return fall(shape, depth - 1, inside), void(*owned += soak_opaque(VERSION));
  if (inside)
    inside();
  throw Failure{leaf(shape)};
}

struct AtEnd {
  void (*check)(int) = nullptr;
  OPAQUE ~AtEnd() {
    if (check)
      check(objects_version(nullptr));
  }
};
thread_local AtEnd at_end;

} // namespace

extern "C" OPAQUE int objects_version(SoakAction *inside) {
  Round shape;
  int first = leaf(shape);
  if (inside)
    inside();
  return first == soak_opaque(VERSION) && leaf(shape) == VERSION ? VERSION : 0;
}

extern "C" OPAQUE int objects_throwing_version(int depth, SoakAction *inside) {
  Round shape;
  try {
    fall(shape, depth, inside);
  } catch (const Failure &failure) {
    return failure.version == VERSION && leaf(shape) == VERSION ? VERSION : 0;
  }
  return 0;
}

extern "C" void objects_at_thread_end(void (*check)(int version)) { at_end.check = check; }
