// A process of one thread that waits for a mutex which another process holds, as the children of a prefork server wait for their turn to
// accept, changes over while it waits.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp %wfpatch

#include "Inputs/harness.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

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

static struct {
  pthread_mutex_t mutex;
  atomic_int begun;
} *shared;

int main(int argc, char **argv) {
  CHECK(argc == 3);
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  CHECK(shared != MAP_FAILED && pthread_mutexattr_init(&attributes) == 0);
  CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
  CHECK(pthread_mutex_init(&shared->mutex, &attributes) == 0 && pthread_mutex_lock(&shared->mutex) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    CHECK(version() == 1);
    alarm(30); // if the parent fails
    shared->begun = 1;
    CHECK(pthread_mutex_lock(&shared->mutex) == 0 && pthread_mutex_unlock(&shared->mutex) == 0);
    _exit(version());
  }
  WAIT_UNTIL(shared->begun);
  char command[8192];
  snprintf(command, sizeof(command), "%s apply %d %s --timeout 10", argv[2], child, argv[1]);
  CHECK(system(command) == 0); // 0: it has settled
  CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
  int state;
  CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 2);
  CHECK(version() == 1);
  return 0;
}
#endif
