// For programs that update themselves and observe: each test here is one source in two versions (-DNEW), one program.
//
//   apply(path), revert(): through the C API; both wait until the update has settled.
//   CHECK(condition): ends the program with the line that failed.
#pragma once
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wfpatch/wfpatch.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                        \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

static char status_text[1 << 20];

static inline const char *status(void) {
  CHECK(wfp_status(status_text, sizeof(status_text)) != 0);
  return status_text;
}

static inline void nap(void) {
  struct timespec time = {0, 1000000};
  nanosleep(&time, NULL);
}

// Ten seconds at most: what has not happened by then never will.
#define WAIT_UNTIL(condition)                                                                                          \
  do {                                                                                                                 \
    int turns = 0;                                                                                                     \
    while (!(condition)) {                                                                                             \
      CHECK(++turns < 10000);                                                                                          \
      nap();                                                                                                           \
    }                                                                                                                  \
  } while (0)

// The system call that the process's first thread is in; -1 while it runs.
static inline long call_of_first_thread(void) {
  long number = -1;
  FILE *file = fopen("/proc/self/syscall", "r");
  CHECK(file);
  if (fscanf(file, "%ld", &number) != 1) // "running"
    number = -1;
  fclose(file);
  return number;
}

// Whether all threads have followed all changes: any update's row may be that of the last one, which may have been a reversal.
static inline int settled(void) {
  const char *row = strstr(status(), "update\t");
  CHECK(row);
  for (; row; row = strstr(row + 1, "\nupdate\t")) {
    const char *settle = strstr(row, "settle_us=");
    CHECK(settle);
    if (settle[10] < '0' || settle[10] > '9')
      return 0;
  }
  return 1;
}

static inline void apply_now(const char *path) {
  char why[1024];
  if (wfp_apply(path, why, sizeof(why)) != 0) {
    fprintf(stderr, "%s was refused: %s\n", path, why);
    _exit(1);
  }
}

static inline void apply(const char *path) {
  apply_now(path);
  WAIT_UNTIL(settled());
}

static inline void revert_now(void) {
  char why[1024];
  if (wfp_revert(NULL, why, sizeof(why)) != 0) {
    fprintf(stderr, "not reverted: %s\n", why);
    _exit(1);
  }
}

static inline void revert(void) {
  revert_now();
  WAIT_UNTIL(settled());
}
