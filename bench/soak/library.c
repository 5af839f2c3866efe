/* The library's half of an update that spans program and library, versions 1 and 2. */
#include "soak.h"

static __attribute__((noinline)) int leaf(void) { return soak_opaque(VERSION); }

int library_version(SoakAction *inside) {
  int first = leaf();
  if (inside)
    inside();
  return first == leaf() ? first : 0;
}
