/* Ten functions as a fix would change them: a bound, a message, a counter of calls; some call each other.  All ten differ
 * between VERSION 1 and 2, and 2 adds a helper and a static variable. */
#include "callees.h"

#include <string.h>

static const char *const names[] = {"alpha", "beta", "gamma", "delta"};
static long calls;

#if VERSION > 1
static long refused;
__attribute__((noinline)) static long bounded(long x) {
  if (x > 1000000) {
    ++refused;
    return 1000000;
  }
  return x;
}
#define CHECK(x) bounded(x)
#else
#define CHECK(x) (x)
#endif

#define TEN(n, expression)                                                                                                   \
  __attribute__((noinline)) static long ten_##n(long x) {                                                                    \
    ++calls;                                                                                                                 \
    return CHECK(expression);                                                                                                \
  }

TEN(0, x + 3)
TEN(1, x ^ (long)strlen(names[x & 3]))
TEN(2, ten_0(x) * 3)
TEN(3, x % 977)
TEN(4, ten_1(x) - 7)
TEN(5, x > 100 ? x / 2 : x * 2)
TEN(6, ten_3(x) + ten_5(x))
TEN(7, x + (long)names[1][x & 1])

__attribute__((noinline)) long ten_all(long x) {
  x = CHECK(ten_2(x) + ten_4(x));
  return CHECK(ten_6(x) + ten_7(x));
}

int ten_version(void) { return VERSION; }
