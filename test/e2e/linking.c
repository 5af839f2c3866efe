// The ways to have the runtime in a program: linked, preloaded, from the archive; PIE, non-PIE, branch protection, with bfd and
// lld, with dead code dropped, stripped, eagerly bound; and none at all, in which case the program runs as usual.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: build() { \
// RUN:   mkdir -p %t/old %t/new && \
// RUN:   %wfclang $1 -DPROGRAM -c %s -o %t/program.o && \
// RUN:   %wfclang $1 -c %s -o %t/old/unit.o && %wfclang $1 -DNEW -c %s -o %t/new/unit.o && \
// RUN:   %clang $1 $2 %t/program.o %t/old/unit.o -o %t/program $3 && %wfdiff %t/old %t/new -o %t/update.wfp; } ; \
// RUN: try() { build "$@" && %t/program %t/update.wfp || { echo "failed: $*"; exit 1; } ; } ; \
// RUN: gc="-Wl,--gc-sections" ; \
// RUN: try "-O2" "" "%runtime" && \
// RUN: try "-O2 -fno-pie" "-no-pie" "%runtime" && \
// RUN: try "-O2 -fPIC" "-fuse-ld=lld $gc" "%runtime" && \
// RUN: try "-O2 -fno-pie" "-no-pie -fuse-ld=lld $gc" "%runtime" && \
// RUN: try "-O2" "$gc -Wl,-z,start-stop-gc -Wl,-z,now" "%runtime" && \
// RUN: try "-O2 -fcf-protection" "" "%runtime" && \
// RUN: try "-O2 -fno-plt" "" "%runtime" && \
// RUN: try "-O0 -g" "" "%runtime" && \
// RUN: try "-O2" "-s" "%runtime" && \
// RUN: try "-O2" "" "%librt/libwfpatch.a" && \
// RUN: try "-O2 -fno-pie" "-no-pie" "%librt/libwfpatch.a" && \
// RUN: build "-O2" "" "" && env LD_PRELOAD=%librt/libwfpatch.so %t/program %t/update.wfp && \
// RUN: build "-O2" "" "" && %t/program

#include <stddef.h>
int wfp_apply(const char *path, char *message, size_t size) __attribute__((weak));
int wfp_revert(const char *update, char *message, size_t size) __attribute__((weak));
size_t wfp_status(char *text, size_t size) __attribute__((weak));
#include "Inputs/harness.h"
#include <dlfcn.h>

int version(void);
extern int counter, *where;
int count(void);
const char *text(void);

#ifndef PROGRAM
int counter = 7;
int *where = &counter;
__attribute__((used, noinline)) static int unused_here(void) { return 3; }
int version(void) {
  int value =
#ifdef NEW
      2;
#else
      1;
#endif
  __asm__ volatile("" : "+r"(value));
  return value;
}
int count(void) {
#ifdef NEW
  errno = 5; // thread-local of another object, through whatever the compiler chose
  return counter += 10;
#else
  return ++counter;
#endif
}
const char *text(void) {
#ifdef NEW
  static char buffer[64];
  snprintf(buffer, sizeof(buffer), "new %d", counter);
  return buffer;
#else
  return "old";
#endif
}
#else

int main(int argc, char **argv) {
  CHECK(version() == 1 && count() == 8 && *where == 8);
  if (argc == 1)
    return 0;
  CHECK(wfp_apply); // in the program, or by the preloaded library
  apply(argv[1]);
  CHECK(version() == 2 && count() == 18 && counter == 18 && *where == 18 && errno == 5);
  CHECK(strcmp(text(), "new 18") == 0);
  revert();
  CHECK(version() == 1 && count() == 19 && strcmp(text(), "old") == 0);
  apply(argv[1]);
  CHECK(version() == 2 && count() == 29);
  return 0;
}
#endif
