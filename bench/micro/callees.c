#include "callees.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(PREFIX, name)

static volatile long sink;

long NAME(step)(long x) { return x + VERSION; }

void NAME(turns)(long turns) {
#pragma clang loop unroll(disable) /* else eight turns would share one poll */
  for (long i = 0; i < turns; ++i)
    sink = i;
}

int NAME(version)(void) { return VERSION; }

void NAME(at_depth)(int depth, void (*act)(void *), void *context) {
  volatile char frame[80];
  frame[depth & 63] = (char)depth; /* a place that the compiler does not know: the whole frame stays */
  if (depth > 0)
    NAME(at_depth)(depth - 1, act, context);
  else
    act(context);
  frame[64] = frame[depth & 63]; /* not a tail call */
}
