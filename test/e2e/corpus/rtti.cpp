// Run-time type information across old and new code: dynamic_cast and typeid in new code of objects that old code made, and the
// reverse, for classes with linkage, in an anonymous namespace, and for a class that the update brings.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function make(int)
// DIFF: replaced function kind(Node const&)
// DIFF: added function Added::number() const
// DIFF: added function Added::~Added()
// DIFF: added data vtable for Added
// DIFF: added data typeinfo for Added
// DIFF: added data typeinfo name for Added
#include "Inputs/corpus.h"
#include <typeinfo>

struct Node {
  virtual ~Node() = default;
  virtual int number() const;
};
struct Leaf : Node {
  int number() const override;
};
Node *make(int which);
int kind(const Node &node);
int same_hidden(const Node &a, const Node &b);

#ifndef PROGRAM
int Node::number() const { return 1; }
int Leaf::number() const { return 2; }
namespace {
struct Hidden : Node {
  int number() const override { return 3; }
};
} // namespace
#ifdef NEW
struct Added : Leaf {
  int number() const override;
};
int Added::number() const { return 4; }
#endif
Node *make(int which) {
  switch (which) {
  case 0:
    return new Node;
  case 1:
    return new Leaf;
#ifdef NEW
  case 3:
    return new Added;
#endif
  default:
    return new Hidden;
  }
}
int kind(const Node &node) {
  if (dynamic_cast<const Hidden *>(&node))
    return OLD_NEW(3, 30);
  if (typeid(node) == typeid(Leaf))
    return OLD_NEW(2, 20);
  return dynamic_cast<const Leaf *>(&node) ? 21 : OLD_NEW(1, 10);
}
int same_hidden(const Node &a, const Node &b) { return typeid(a) == typeid(b) && typeid(a) == typeid(Hidden); }
#else

int main(int, char **argv) {
  Node *old_node = make(0), *old_leaf = make(1), *old_hidden = make(2);
  CHECK(kind(*old_node) == 1 && kind(*old_leaf) == 2 && kind(*old_hidden) == 3);
  apply(argv[1]);
  CHECK(kind(*old_node) == 10 && kind(*old_leaf) == 20 && kind(*old_hidden) == 30);
  Node *leaf = make(1), *hidden = make(2), *added = make(3);
  CHECK(kind(*leaf) == 20 && kind(*hidden) == 30 && kind(*added) == 21 && added->number() == 4);
  CHECK(dynamic_cast<Leaf *>(leaf) && dynamic_cast<Leaf *>(added) && !dynamic_cast<Leaf *>(hidden));
  CHECK(typeid(*leaf) == typeid(Leaf) && same_hidden(*hidden, *old_hidden));
  revert();
  CHECK(kind(*leaf) == 2 && kind(*hidden) == 3 && kind(*added) == 21 && added->number() == 4);
  Node *const nodes[] = {old_node, old_leaf, old_hidden, leaf, hidden, added};
  for (Node *node : nodes)
    delete node;
}
#endif
