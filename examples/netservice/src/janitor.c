#include "janitor.h"

#include "command.h"
#include "store.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_t thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake;
static bool stopping;

static void *janitor_main(void *unused) {
  (void)unused;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  pthread_mutex_lock(&mutex);
  while (!stopping) {
    next.tv_sec += 1;
    while (!stopping && pthread_cond_timedwait(&wake, &mutex, &next) == 0)
      ;
    if (stopping)
      break;
    pthread_mutex_unlock(&mutex);
    store_expire(next.tv_sec);
    command_update_rate();
    pthread_mutex_lock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
  return NULL;
}

bool janitor_start(void) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  errno = pthread_create(&thread, NULL, janitor_main, NULL);
  return errno == 0;
}

void janitor_stop(void) {
  pthread_mutex_lock(&mutex);
  stopping = true;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&mutex);
  pthread_join(thread, NULL);
}
