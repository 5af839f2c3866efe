// Boost.Context's functions, as its fibers use them: a fiber is in one version from the begin of an activation to its end, is moved while it
// is suspended, and its stack is forgotten when it is unmapped.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -lboost_context
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp
//
// The same in a module that a program loads for itself (RTLD_LOCAL), with Boost.Context's library.
// RUN: %wfclang -O2 -DHOST -c %s -o %t/host.o
// RUN: rm -rf %t/old %t/new && mkdir %t/old %t/new
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 -fPIC $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -fPIC -DPROGRAM -Dmain=run -c %s -o %t/module.o
// RUN: %clang -shared %t/module.o %t/old/unit.o -o %t/module.so %runtime -lboost_context
// RUN: %clang %t/host.o -o %t/host %runtime
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/host %t/module.so %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <sys/mman.h>

int version(void);
int version_around(void (*inside)(void)); // 0 when it saw two

#if defined(HOST)
#include <dlfcn.h>

int main(int argc, char **argv) {
  CHECK(argc == 3);
  void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK(module);
  int (*run)(int, char **) = (int (*)(int, char **))dlsym(module, "run");
  CHECK(run);
  return run(2, argv + 1);
}
#elif defined(UNIT)
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
static inline int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
int version(void) { return value_of(VERSION); }
int version_around(void (*inside)(void)) {
  int first = version();
  inside();
  return first == value_of(VERSION) && version() == first ? first : 0;
}
#else

typedef struct {
  void *context, *data;
} Transfer;
void *make_fcontext(void *top, size_t size, void (*function)(Transfer));
Transfer jump_fcontext(void *to, void *data);
Transfer ontop_fcontext(void *to, void *data, Transfer (*function)(Transfer));

enum { SIZE = 128 * 1024 };
static void *back; // where the fiber was resumed from
static int on_top;

static void yield(void) { back = jump_fcontext(back, NULL).context; }

static void fiber(Transfer from) {
  back = from.context;
  int *saw = from.data;
  saw[0] = version_around(yield);
  yield();
  saw[1] = version();
  yield();
}

static Transfer count(Transfer from) {
  ++on_top;
  return from;
}

static __attribute__((noinline)) void clear_stack(void) {
  volatile char room[16384];
  for (size_t i = 0; i < sizeof(room); ++i)
    room[i] = 0;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  for (int round = 0; round < 2; ++round) {
    int saw[2] = {0, 0}, before = 1 + round;
    char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *context = jump_fcontext(make_fcontext(stack + SIZE, SIZE, fiber), saw).context;
    if (round == 0)
      apply_now(argv[1]);
    else
      revert_now();
    WAIT_UNTIL(strstr(status(), "held_by=version_around"));
    clear_stack();
    WAIT_UNTIL(version() == 3 - before);
    context = jump_fcontext(context, saw).context; // the old activation ends
    CHECK(saw[0] == before);
    clear_stack();
    WAIT_UNTIL(settled()); // moved where it is
    context = ontop_fcontext(context, saw, count).context;
    CHECK(saw[1] == 3 - before && on_top == round + 1);
    CHECK(munmap(stack, SIZE) == 0);
  }
  return 0;
}
#endif
