/* The program's half of an update that spans program and library, versions 1 and 2. */
#include "soak.h"

__attribute__((noinline)) int span_version(SoakAction *inside) {
  int first = library_version(0);
  int second = library_version(inside);
  return first == soak_opaque(VERSION) && second == VERSION && library_version(0) == VERSION ? VERSION : 0;
}
