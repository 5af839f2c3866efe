// As stale.c, with the frames of a library that was dlopened in between, and others closed and opened at the same place meanwhile: what was
// known of an object that is gone is not used for the next one.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %clang -O2 -DLIBRARY=16 -fPIC -shared %s -o %t/small.so && %clang -O2 -DLIBRARY=400 -fPIC -shared %s -o %t/large.so
// RUN: %clang -O2 -DLIBRARY=16 -fno-asynchronous-unwind-tables -fno-unwind-tables -fPIC -shared %s -o %t/untold.so
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread -ldl
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp %t/small.so %t/large.so %t/untold.so

#ifdef LIBRARY
// One function in several versions, whose frames differ in size: the same address needs another rule in each.
int call_back(int (*function)(void)) {
  volatile char frame[LIBRARY];
  frame[0] = 1;
  return function() + frame[0];
}
#else

#include "Inputs/harness.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

int outer(int (*inside)(void));

#ifndef PROGRAM
#ifdef NEW
#define VERSION 2
#else
#define VERSION 1
#endif
int outer(int (*inside)(void)) {
  int value = VERSION;
  __asm__ volatile("" : "+r"(value));
  inside();
  return value;
}
#else

static sem_t go;
static atomic_int ready, stop;
static uintptr_t stale;
static int (*call_back)(int (*)(void));

static __attribute__((noinline)) int note(void) {
  stale = (uintptr_t)__builtin_return_address(0);
  return 0;
}
static int park(void) {
  ready = 1;
  while (sem_wait(&go) != 0)
    ;
  return 0;
}
static int spin(void) {
  ready = 1;
  while (!stop)
    sched_yield();
  return 0;
}
static __attribute__((noinline)) int below(int (*wait)(void)) {
  volatile uintptr_t kept[4] = {stale, stale, stale, stale};
  int result = wait();
  CHECK(kept[3] == kept[0]);
  return result;
}
static int parks_below(void) { return below(park); }
static int spins_below(void) { return below(spin); }

static void *run(void *wait) {
  call_back((int (*)(void))(uintptr_t)wait);
  return NULL;
}
static int calls_library(void) { return call_back(parks_below); }
// The affected function above the library's frame.
static void *active(void *unused) {
  (void)unused;
  CHECK(outer(calls_library) == 1);
  return NULL;
}

static pthread_t begin(void *(*start)(void *), void *argument) {
  pthread_t thread;
  ready = stop = 0;
  CHECK(pthread_create(&thread, NULL, start, argument) == 0);
  WAIT_UNTIL(ready);
  return thread;
}
static void end(pthread_t thread) {
  stop = 1;
  sem_post(&go);
  pthread_join(thread, NULL);
  while (sem_trywait(&go) == 0)
    ;
}

int main(int argc, char **argv) {
  CHECK(argc == 5 && sem_init(&go, 0, 0) == 0);
  CHECK(outer(note) == 1);
  for (int round = 0; round < 6; ++round) {
    void *library = dlopen(argv[2 + round % 2], RTLD_NOW);
    CHECK(library && (call_back = (int (*)(int (*)(void)))dlsym(library, "call_back")));
    int (*const waits[])(void) = {parks_below, spins_below};
    for (int kind = 0; kind < 2; ++kind) {
      pthread_t thread = begin(run, (void *)(uintptr_t)waits[kind]);
      void *other = dlopen(argv[2 + !(round % 2)], RTLD_NOW); // closed while the thread is in its library
      CHECK(other && dlclose(other) == 0);
      apply(argv[1]);
      revert();
      end(thread);
    }
    pthread_t thread = begin(active, NULL);
    apply_now(argv[1]);
    WAIT_UNTIL(strstr(status(), "held_by=outer"));
    CHECK(!settled());
    end(thread);
    WAIT_UNTIL(settled());
    revert();
    CHECK(dlclose(library) == 0);
  }
  // A library without unwind information: only the conservative answer is left, and it is given.
  void *library = dlopen(argv[4], RTLD_NOW);
  CHECK(library && (call_back = (int (*)(int (*)(void)))dlsym(library, "call_back")));
  CHECK(outer(note) == 1);
  int (*const waits[])(void) = {parks_below, spins_below};
  for (int kind = 0; kind < 2; ++kind) {
    pthread_t thread = begin(run, (void *)(uintptr_t)waits[kind]);
    apply_now(argv[1]);
    WAIT_UNTIL(strstr(status(), "held_by=outer"));
    CHECK(!settled());
    end(thread);
    WAIT_UNTIL(settled());
    revert();
  }
  return 0;
}
#endif
#endif
