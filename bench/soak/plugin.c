/* A library that comes and goes, versions 1 and 2: loaded and closed while updates are on their way. */
#include "soak.h"

static __attribute__((noinline)) int leaf(void) { return soak_opaque(VERSION); }

__attribute__((visibility("default"))) int plugin_version(SoakAction *inside);
int plugin_version(SoakAction *inside) {
  int first = leaf();
  if (inside)
    inside();
  for (volatile int turn = 0; turn < 3; ++turn) /* polls in this image */
    first = first == leaf() ? first : 0;
  return first == VERSION ? VERSION : 0;
}
