/* The program that bench/scale/run updates: as many parked threads, resident memory and loaded libraries as it is told.
 *
 *   program THREADS MEGABYTES LIBRARY...
 *
 * Prints "ready" when all is in place, then answers each byte of its standard input with the value that the first and the
 * last patched function give now; ends with its input.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int first_function(int), last_function(int); /* functions.c */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER, begun = PTHREAD_COND_INITIALIZER;
static int waiting;

static void *park(void *unused) {
  pthread_mutex_lock(&mutex);
  ++waiting;
  pthread_cond_signal(&begun);
  for (;;)
    pthread_cond_wait(&never, &mutex);
  return unused;
}

static void fail(const char *what) {
  fprintf(stderr, "program: %s\n", what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 3)
    fail("usage: program THREADS MEGABYTES LIBRARY...");
  int threads = atoi(argv[1]);
  size_t bytes = (size_t)atol(argv[2]) << 20;
  if (bytes) {
    char *memory = malloc(bytes);
    if (!memory)
      fail("out of memory");
    memset(memory, 1, bytes);
    __asm__ volatile("" : : "r"(memory) : "memory");
  }
  for (int i = 3; i < argc; ++i)
    if (!dlopen(argv[i], RTLD_NOW))
      fail(dlerror());
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, park, NULL))
      fail("cannot start so many threads");
  }
  pthread_mutex_lock(&mutex);
  while (waiting < threads)
    pthread_cond_wait(&begun, &mutex);
  pthread_mutex_unlock(&mutex);
  printf("ready\n");
  fflush(stdout);
  /* read() and not stdio, whose own reads inside libc are no place to change over. */
  for (char byte; read(0, &byte, 1) == 1;) {
    printf("%d %d\n", first_function(1), last_function(1));
    fflush(stdout);
  }
  return 0;
}
