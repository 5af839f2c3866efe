// Static locals with constructors: those that exist keep their state and are not constructed again, those whose turn comes under
// the update are constructed by it, new ones too; each is destroyed once.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function early(int)
// DIFF: replaced function late(int)
// DIFF: added data late(int)::added
// DIFF: added data guard variable for late(int)::added
#include "Inputs/corpus.h"

extern int made, destroyed;
struct Object {
  explicit Object(int value) : value(value) { ++made; }
  ~Object() { ++destroyed; }
  int value;
};
int early(int), late(int);

#ifndef PROGRAM
int early(int by) {
  static Object object(by);
  return object.value += OLD_NEW(1, 10);
}
int late(int by) {
#ifdef NEW
  static Object added(by * 2);
#endif
  static Object object(by);
  object.value += 1;
#ifdef NEW
  return object.value * 1000 + ++added.value;
#else
  return object.value;
#endif
}
#else

int made, destroyed;
int main(int, char **argv) {
  atexit([] {
    if (destroyed != made)
      _exit(1);
  });
  CHECK(early(5) == 6 && made == 1);
  apply(argv[1]);
  CHECK(early(0) == 16 && made == 1);
  CHECK(late(20) == 21041 && late(0) == 22042 && made == 3);
  revert();
  CHECK(early(0) == 17 && late(0) == 23 && made == 3);
  apply(argv[1]);
  CHECK(late(0) == 24043 && made == 3);
}
#endif
