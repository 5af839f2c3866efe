/* One loop a callee.  Each call depends on the one before, so that the time of a call cannot hide behind the next. */
#include "callees.h"

#define DRIVE(callee)                                                                                                        \
  __attribute__((aligned(64))) long drive_##callee(long calls) {                                                             \
    long x = 0;                                                                                                              \
    for (long i = 0; i < calls; ++i)                                                                                         \
      x = callee(x);                                                                                                         \
    return x;                                                                                                                \
  }

DRIVE(plain_step)
DRIVE(patched_step)
