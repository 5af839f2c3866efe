// A thousand idle threads change over without one of them being scheduled.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

int version(void);

#ifndef PROGRAM
int version(void) {
#ifdef NEW
  return 2;
#else
  return 1;
#endif
}
#else
enum { kThreads = 1000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int released;
static atomic_int begun, moved, tids[kThreads];

static void *idle(void *index) {
  CHECK(version() == 1);
  tids[(long)index] = (int)syscall(SYS_gettid);
  pthread_mutex_lock(&mutex);
  ++begun; // it lets go of the mutex only in the wait
  while (!released)
    pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  moved += version() == 2;
  return NULL;
}

// How often the thread has been given a processor (/proc/PID/task/TID/schedstat); -1 while it is not asleep.
static long times_scheduled(int tid) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(text, sizeof(text), file));
  fclose(file);
  if (strrchr(text, ')')[2] != 'S')
    return -1;
  snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
  long on_cpu, waited, times;
  CHECK((file = fopen(path, "r")) && fscanf(file, "%ld %ld %ld", &on_cpu, &waited, &times) == 3);
  fclose(file);
  return times;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  static pthread_t threads[kThreads];
  static long before[kThreads];
  pthread_attr_t small;
  CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 128 * 1024) == 0);
  for (long i = 0; i < kThreads; ++i)
    CHECK(pthread_create(&threads[i], &small, idle, (void *)i) == 0);
  WAIT_UNTIL(begun == kThreads);
  for (int i = 0; i < kThreads; ++i)
    WAIT_UNTIL((before[i] = times_scheduled(tids[i])) >= 0);
  apply(argv[1]);
  for (int i = 0; i < kThreads; ++i)
    CHECK(times_scheduled(tids[i]) == before[i]);
  const char *settle = strstr(status(), "settle_us=");
  CHECK(settle);
  fprintf(stderr, "moved within %ld us\n", atol(settle + 10));
  pthread_mutex_lock(&mutex);
  released = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(moved == kThreads);
  return 0;
}
#endif
