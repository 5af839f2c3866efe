// Updates while other threads load and close a library that polls, and that no update touches: it is unmapped as ever, often to be mapped
// at the same place again, and the runtime writes only to what is there.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -fPIC -DPLUGIN -c %s -o %t/plugin.o && %clang -shared %t/plugin.o -o %t/plugin.so
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -ldl -lpthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp %t/plugin.so

#include "Inputs/harness.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}

int unit_version(void);

#if defined(UNIT)
#ifdef NEW
int unit_version(void) { return value_of(2); }
#else
int unit_version(void) { return value_of(1); }
#endif
#elif defined(PLUGIN)
int plugin_entry(int turns) {
  int sum = 0;
  for (volatile int turn = 0; turn < turns; ++turn)
    sum += value_of(1);
  return sum;
}
#else

enum { ROUNDS = 40, CLOSERS = 2 };
static const char *plugin;
static atomic_int done, closed;

static void *load_and_close(void *unused) {
  (void)unused;
  while (!atomic_load(&done)) {
    void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    CHECK(handle);
    int (*entry)(int) = (int (*)(int))dlsym(handle, "plugin_entry");
    CHECK(entry && entry(50) == 50);
    CHECK(dlclose(handle) == 0);
    atomic_fetch_add(&closed, 1);
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  plugin = argv[2];
  pthread_t closers[CLOSERS];
  for (int i = 0; i < CLOSERS; ++i)
    CHECK(pthread_create(&closers[i], NULL, load_and_close, NULL) == 0);
  for (int round = 0; round < ROUNDS; ++round) {
    int before = atomic_load(&closed);
    apply(argv[1]);
    CHECK(unit_version() == 2);
    revert();
    CHECK(unit_version() == 1);
    while (atomic_load(&closed) < before + CLOSERS) // some each round, wherever the round was
      sched_yield();
  }
  atomic_store(&done, 1);
  for (int i = 0; i < CLOSERS; ++i)
    CHECK(pthread_join(closers[i], NULL) == 0);
  // A call that was put off is made up for by the next one.
  void *last = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  CHECK(last && dlclose(last) == 0);
  CHECK(!dlopen(plugin, RTLD_NOW | RTLD_NOLOAD));
  return 0;
}
#endif
