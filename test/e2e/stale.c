// A return address into an affected function that has long returned, in a frame that is never left: it looks active to a scan, and does not hold the thread.
// What is really active does, is named, and holds only until it has returned.  In parked threads and in busy ones, in frames of all kinds, and with
// libc's qsort between the function and the wait.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#include "Inputs/harness.h"
#include <alloca.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

int outer(void (*inside)(void)), sorts(void (*inside)(void)), compares(const void *, const void *);
extern void (*_Atomic in_compares)(void);

#ifndef PROGRAM
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif

static int version(void) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  return value;
}

int outer(void (*inside)(void)) {
  int first = version();
  inside();
  return 10 * first + version();
}

// Only the comparison function changes here, ...
int compares(const void *a, const void *b) {
  void (*inside)(void) = in_compares;
  if (inside)
    inside();
  return (*(const int *)a - *(const int *)b) * version();
}

// ... and here what called qsort.
static int plainly(const void *a, const void *b) {
  (void)a, (void)b;
  void (*inside)(void) = in_compares;
  if (inside)
    inside();
  return 0;
}
int sorts(void (*inside)(void)) {
  int numbers[2] = {2, 1}, first = version();
  in_compares = inside;
  qsort(numbers, 2, sizeof(int), plainly);
  in_compares = NULL;
  return 10 * first + version();
}
#else

void (*_Atomic in_compares)(void);
static sem_t go;
static atomic_int ready, stop, results;
static uintptr_t stale; // a return address into outer()

static __attribute__((noinline)) void note(void) { stale = (uintptr_t)__builtin_return_address(0); }

static void park(void) {
  ++ready;
  while (sem_wait(&go) != 0)
    ;
}
static void spin(void) {
  ++ready;
  while (!stop)
    sched_yield();
}

// Live frames with the stale word in them, of constant and of variable size, and aligned.
static __attribute__((noinline)) void plain_frame(void (*wait)(void)) {
  volatile uintptr_t kept[4] = {stale, stale, stale, stale};
  wait();
  CHECK(kept[3] == kept[0]);
}
static __attribute__((noinline)) void variable_frame(void (*wait)(void)) {
  volatile uintptr_t *kept = alloca((size_t)(64 + 8 * ready));
  kept[0] = kept[7] = stale;
  plain_frame(wait);
  CHECK(kept[7] == kept[0]);
}
static __attribute__((noinline)) void aligned_frame(void (*wait)(void)) {
  _Alignas(64) volatile uintptr_t kept[16] = {[15] = stale};
  variable_frame(wait);
  CHECK(kept[15] != 0);
}

static void parks_in_aligned_frame(void) { aligned_frame(park); }

static void (*in_sort)(void);
static int calls_in_sort(const void *a, const void *b) {
  if (in_sort)
    in_sort();
  return *(const int *)a - *(const int *)b;
}

static void *parked(void *unused) { (void)unused; aligned_frame(park); return NULL; }
static void *busy(void *unused) { (void)unused; aligned_frame(spin); return NULL; }
// Through libc, which calls back code that is not affected.
static void *parked_in_sort(void *unused) {
  (void)unused;
  int numbers[2] = {2, 1};
  in_sort = parks_in_aligned_frame;
  qsort(numbers, 2, sizeof(int), calls_in_sort);
  return NULL;
}

// Really active, with the stale word of another function below.
static void *active_parked(void *unused) { (void)unused; results += sorts(parks_in_aligned_frame) == 11; return NULL; }
static void *active_compares(void *unused) {
  (void)unused;
  int numbers[2] = {2, 1};
  in_compares = parks_in_aligned_frame;
  qsort(numbers, 2, sizeof(int), compares);
  in_compares = NULL;
  ++results;
  return NULL;
}
static void spins_in_aligned_frame(void) { aligned_frame(spin); }
static void *active_busy(void *unused) { (void)unused; results += sorts(spins_in_aligned_frame) == 11; return NULL; }

static pthread_t begin(void *(*start)(void *)) {
  pthread_t thread;
  int before = ready;
  CHECK(pthread_create(&thread, NULL, start, NULL) == 0);
  WAIT_UNTIL(ready > before);
  return thread;
}

static void end(pthread_t thread) {
  stop = 1;
  sem_post(&go);
  pthread_join(thread, NULL);
  stop = 0;
  while (sem_trywait(&go) == 0)
    ;
}

static void held_until_left(const char *update, void *(*start)(void *), const char *function) {
  int before = results;
  pthread_t thread = begin(start);
  apply_now(update);
  WAIT_UNTIL(strstr(status(), function));
  CHECK(!settled());
  end(thread);
  CHECK(results == before + 1);
  WAIT_UNTIL(settled());
  revert();
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && sem_init(&go, 0, 0) == 0);
  CHECK(outer(note) == 11 && stale);

  void *(*const held_by_nothing[])(void *) = {parked, busy, parked_in_sort};
  for (int kind = 0; kind < 3; ++kind) {
    pthread_t thread = begin(held_by_nothing[kind]);
    apply(argv[1]);
    CHECK(outer(note) == 22);
    revert();
    end(thread);
    CHECK(outer(note) == 11);
  }

  held_until_left(argv[1], active_parked, "held_by=sorts");
  held_until_left(argv[1], active_compares, "held_by=compares");
  held_until_left(argv[1], active_busy, "held_by=sorts");
  return 0;
}
#endif
