// Enumerators that mean something else in NEW: stored values are read otherwise, which is said, not refused.
// RUN: %corpus %s %t -O2
// WARNED: enum Phase: CLOSING has the value that BUSY had, BUSY changed from 1 to 2; values that the running program has stored mean something else
// DIFF: replaced function next
// DIFF: replaced function name
#include "Inputs/corpus.h"

#ifdef NEW
enum Phase { IDLE, CLOSING, BUSY };
#else
enum Phase { IDLE, BUSY };
#endif
int next(int);
const char *name(void);

#ifndef PROGRAM
static enum Phase phase;
int next(int busy) {
  phase = busy ? BUSY : IDLE;
  return phase;
}
const char *name(void) { return phase == IDLE ? "idle" : phase == BUSY ? "busy" : "closing"; }
#else

int main(int argc, char **argv) {
  (void)argc;
  CHECK(next(1) == 1 && !strcmp(name(), "busy"));
  apply(argv[1]);
  CHECK(!strcmp(name(), "closing")); // as was said
  CHECK(next(1) == 2 && !strcmp(name(), "busy"));
  revert();
  CHECK(next(0) == 0 && !strcmp(name(), "idle"));
}
#endif
