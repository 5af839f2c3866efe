// Timers that run a function in a thread (SIGEV_THREAD): libc's own thread behind them, which runs no code of the program, holds no
// update; what it makes runs new code.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new && cd %t
// RUN: for v in old new; do d=; test $v = new && d=-DNEW; %wfclang -O2 $d -DUNIT -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -lpthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

void expired(union sigval value);

#ifdef UNIT
void expired(union sigval value) {
#ifdef NEW
  atomic_store((atomic_int *)value.sival_ptr, 2);
#else
  atomic_store((atomic_int *)value.sival_ptr, 1);
#endif
}
#else

static atomic_int saw;

int main(int argc, char **argv) {
  CHECK(argc == 2);
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expired, .sigev_value.sival_ptr = &saw};
  struct itimerspec once = {.it_value.tv_nsec = 1000}, often = {.it_value.tv_nsec = 1000, .it_interval.tv_nsec = 300000}, never = {{0, 0}, {0, 0}};
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  for (int round = 0; round < 4; ++round) {
    atomic_store(&saw, 0);
    CHECK(timer_settime(timer, 0, &once, NULL) == 0);
    WAIT_UNTIL(atomic_load(&saw) == 1 + round % 2);
    if (round % 2 == 0)
      apply(argv[1]); // the timer is quiet
    else
      revert();
  }
  CHECK(timer_settime(timer, 0, &often, NULL) == 0); // and busy
  apply(argv[1]);
  WAIT_UNTIL(atomic_load(&saw) == 2);
  CHECK(timer_settime(timer, 0, &never, NULL) == 0);
  return 0;
}
#endif
