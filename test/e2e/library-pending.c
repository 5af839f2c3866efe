// Instrumented libraries where they come from elsewhere: one that is preloaded into a program which knows nothing of it, and one that dlopen brings while an update is on its
// way: a thread that turns in its loop alone changes over there, an update of the library itself follows while the first one is still held up, and dlclose leaves it mapped.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new %t/preload-old %t/preload-new %t/plugin-old %t/plugin-new
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; \
// RUN:   %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o && \
// RUN:   %wfclang -O2 -fPIC $d -DPRELOAD -c %s -o %t/preload-$v/preload.o && \
// RUN:   %wfclang -O2 -fPIC $d -DPLUGIN -c %s -o %t/plugin-$v/plugin.o || exit 1; done
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang -shared %t/preload-old/preload.o -o %t/preload.so && %clang -shared %t/plugin-old/plugin.o -o %t/plugin.so
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread -ldl
// RUN: %clang -O2 -DFOREIGN -I%root/runtime/include %s -o %t/foreign
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp && %wfdiff %t/plugin-old %t/plugin-new -o %t/plugin.wfp
// RUN: %wfdiff %t/preload-old %t/preload-new -o %t/preload.wfp
// RUN: %t/program %t/update.wfp %t/plugin.wfp %t/plugin.so
// RUN: %t/foreign %wfpatch %t/preload.wfp "%librt/libwfpatch.so %t/preload.so"

#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif

#if defined(UNIT) || defined(PLUGIN) || defined(PRELOAD)
static inline int value_of(int value) { // no function of its own: it would be all that differs
  __asm__ volatile("" : "+r"(value));
  return value;
}
#endif

#if defined(UNIT)
int unit_version(void) { return value_of(VERSION); }
int stay(const int *leave, int *inside) {
  int own = value_of(VERSION);
  __atomic_store_n(inside, 1, __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(leave, __ATOMIC_SEQ_CST))
    ;
  return own;
}
#elif defined(PLUGIN)
int plugin_version(void) { return value_of(10 * VERSION); }
/* Calls nothing of the program, never blocks. */
__attribute__((noinline)) int turn(const int *leave) { return __atomic_load_n(leave, __ATOMIC_SEQ_CST); }
int spin(const int *leave, long *turns) {
  while (!turn(leave))
    __atomic_fetch_add(turns, 1, __ATOMIC_SEQ_CST);
  return 1;
}
#elif defined(PRELOAD)
/* Stands in for a function of libc. */
int rand(void) { return value_of(1000 + VERSION); }
#elif defined(FOREIGN)

#include "Inputs/harness.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;
static int run(char *const *arguments) {
  pid_t child;
  int state;
  CHECK(posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ) == 0 && waitpid(child, &state, 0) == child);
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

int main(int argc, char **argv) {
  CHECK(argc == 4);
  if (!getenv("LD_PRELOAD")) {
    CHECK(setenv("LD_PRELOAD", argv[3], 1) == 0);
    execv(argv[0], argv);
    CHECK(!"exec returns");
  }
  unsetenv("LD_PRELOAD"); // not for the command
  char pid[16];
  snprintf(pid, sizeof(pid), "%d", getpid());
  char *apply[] = {argv[1], "apply", pid, argv[2], NULL}, *revert[] = {argv[1], "revert", pid, NULL};
  for (int round = 0; round < 3; ++round) {
    CHECK(rand() == 1001);
    CHECK(run(apply) == 0 && rand() == 1002);
    CHECK(run(revert) == 0);
  }
  return 0;
}
#else

#include "Inputs/harness.h"
#include <dlfcn.h>
#include <pthread.h>

int unit_version(void), stay(const int *leave, int *inside);

static int leave, inside, leave_spin, seen_by_spinner;
static long turns;
static int (*spin)(const int *, long *);

static void *hold(void *unused) {
  CHECK(stay(&leave, &inside) == 1);
  return unused;
}
static void *spins(void *unused) {
  CHECK(spin(&leave_spin, &turns) == 1);
  seen_by_spinner = unit_version();
  return unused;
}
static long spun(void) { return __atomic_load_n(&turns, __ATOMIC_SEQ_CST); }

// As status tells.
static int threads_in_view(long view) {
  char wanted[32];
  int count = 0;
  snprintf(wanted, sizeof(wanted), "view=%ld\t", view);
  for (const char *row = status(); (row = strstr(row, "thread\t")); ++row) {
    const char *row_end = strchr(row, '\n'), *at = strstr(row, wanted);
    count += at && row_end && at < row_end;
  }
  return count;
}

int main(int argc, char **argv) {
  CHECK(argc == 4);
  alarm(60);
  pthread_t holder, spinner;
  CHECK(pthread_create(&holder, NULL, hold, NULL) == 0);
  WAIT_UNTIL(__atomic_load_n(&inside, __ATOMIC_SEQ_CST));
  apply_now(argv[1]);
  CHECK(!settled());
  WAIT_UNTIL(unit_version() == 2);

  // The library appears while the update is on its way.
  void *plugin = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
  CHECK(plugin);
  int (*plugin_version)(void) = (int (*)(void))dlsym(plugin, "plugin_version");
  spin = (int (*)(const int *, long *))dlsym(plugin, "spin");
  CHECK(plugin_version && spin && plugin_version() == 10);
  CHECK(pthread_create(&spinner, NULL, spins, NULL) == 0);
  WAIT_UNTIL(spun() > 0);
  CHECK(!settled());

  // Its own update, upon the one that is held up; the spinning thread gets there by the library's polls.
  apply_now(argv[2]);
  WAIT_UNTIL(plugin_version() == 20);
  CHECK(!settled());
  WAIT_UNTIL(threads_in_view(2) == 2); // main and the spinner
  CHECK(dlclose(plugin) == 0);
  CHECK(plugin_version() == 20); // still mapped
  leave = 1;
  CHECK(pthread_join(holder, NULL) == 0);
  WAIT_UNTIL(settled());
  long before = spun();
  WAIT_UNTIL(spun() > before);
  revert();
  CHECK(plugin_version() == 10 && unit_version() == 2);
  revert();
  CHECK(plugin_version() == 10 && unit_version() == 1);
  leave_spin = 1;
  CHECK(pthread_join(spinner, NULL) == 0);
  CHECK(seen_by_spinner == 1);
  return 0;
}
#endif
