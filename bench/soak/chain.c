/* The patched unit: versions 1 to 4 (-DVERSION).  Each version's functions differ, one is added by 2 and removed by 4. */
#include "soak.h"

#include <stdatomic.h>
#include <stddef.h>

#define OPAQUE __attribute__((noinline))

static OPAQUE int leaf(void) { return soak_opaque(VERSION); }

#if VERSION == 2 || VERSION == 3
static OPAQUE int added(int first) {
  static int seen; /* new data of the update */
  seen |= first;
  return leaf() == first ? VERSION : 0;
}
#else
#define added(first) (first)
#endif

static OPAQUE int middle(void) {
  int first = leaf();
#if VERSION >= 3
  first = soak_opaque(first); /* another frame, with another layout */
  volatile char room[64 * VERSION];
  room[0] = (char)first;
  first = room[0];
#endif
  return first == leaf() ? added(first) : 0;
}

OPAQUE int chain_version(SoakAction *inside) {
  int first = middle();
  if (inside)
    inside();
  int second = middle();
  return first == VERSION && second == VERSION && leaf() == VERSION ? VERSION : 0;
}

OPAQUE int chain_deep_version(int depth, SoakAction *inside) {
  if (depth <= 0)
    return chain_version(inside);
  int below = chain_deep_version(depth - 1, inside);
  return below == VERSION && leaf() == VERSION ? VERSION : 0;
}

OPAQUE long chain_count(void) {
  static _Atomic long count;
#if VERSION % 2
  return atomic_fetch_add(&count, 1) + 1;
#else
  return atomic_fetch_add_explicit(&count, soak_opaque(1), memory_order_relaxed) + soak_opaque(1);
#endif
}

#if VERSION >= 2
static _Atomic long added_count;
#endif
OPAQUE long chain_added(void) {
#if VERSION >= 2
  return atomic_fetch_add(&added_count, 1) + soak_opaque(VERSION) - VERSION + 1;
#else
  return -1;
#endif
}
