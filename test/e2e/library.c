// An update of a shared library, of program and library at once, and of a library that dlopen brought; one that an update touched is
// not unmapped by dlclose.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; \
// RUN:   %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o && \
// RUN:   %wfclang -O2 -fPIC $d -DLIBRARY -c %s -o %t/$v/library.o && \
// RUN:   %wfclang -O2 -fPIC $d -DPLUGIN -c %s -o %t/$v/plugin.o || exit 1; done
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang -shared %t/old/library.o -o %t/liblibrary.so && %clang -shared %t/old/plugin.o -o %t/plugin.so
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -L%t -llibrary -Wl,-rpath,%t -ldl
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp %t/plugin.so

#include "Inputs/harness.h"
#include <dlfcn.h>

#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif

static int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

int library_state_of(void), library_version(void), unit_version(void);

#if defined(UNIT)
int unit_version(void) { return value_of(10 * VERSION) + library_version(); }
#elif defined(LIBRARY)
static int state = 100;
int exported = 5;
int library_state_of(void) { return value_of(VERSION) == 1 ? ++state : (state += 50); }
int library_version(void) { return value_of(VERSION) + exported - 5; }
#elif defined(PLUGIN)
static int calls;
__attribute__((visibility("hidden"))) int hidden(void) { return value_of(VERSION * 7); }
int plugin_entry(void) { return hidden() * 100 + ++calls; }
#else

int main(int argc, char **argv) {
  CHECK(argc == 3);
  void *plugin = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  CHECK(plugin);
  int (*entry)(void) = (int (*)(void))dlsym(plugin, "plugin_entry");
  CHECK(entry && entry() == 701);
  CHECK(unit_version() == 11 && library_version() == 1 && library_state_of() == 101);
  apply(argv[1]);
  CHECK(unit_version() == 22 && library_version() == 2 && library_state_of() == 151);
  CHECK(entry() == 1402);
  CHECK(dlclose(plugin) == 0);
  CHECK(entry() == 1403); // still mapped
  revert();
  CHECK(unit_version() == 11 && library_version() == 1 && library_state_of() == 152 && entry() == 704);
  return 0;
}
#endif
