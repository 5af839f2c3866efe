// Several updates in flight: k+1 and k+2 are published while a thread has not got to k; a middle one is not reverted, the newest one is; as many
// are accepted as there are tables of views, one more is refused by name, and all goes on when the thread that held them up has moved.
//
// RUN: rm -rf %t && mkdir -p %t/1 %t/2 %t/3 %t/4
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: for v in 1 2 3 4; do %wfclang -O2 -DV=$v -c %s -o %t/$v/unit.o || exit 1; done
// RUN: %clang %t/program.o %t/1/unit.o -o %t/program %runtime -pthread
// RUN: for v in 2 3 4; do %wfdiff %t/$((v-1)) %t/$v -o %t/to-$v.wfp || exit 1; done
// RUN: %t/program %t/to-2.wfp %t/to-3.wfp %t/to-4.wfp

#include "Inputs/harness.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

int version(void), chain(void (*inside)(void)), early(void (*inside)(void)), other(void (*inside)(void));

#ifndef PROGRAM
static __attribute__((noinline)) int value_of(int value) {
  __asm__ volatile("" : "+r"(value));
  return value;
}
int version(void) { return value_of(V); }
// What all of the activation was; 0 when it saw two versions.
int chain(void (*inside)(void)) {
  int own = value_of(V);
  if (inside)
    inside();
  return version() == own ? own : 0;
}
// Changed by 1 -> 2 alone: it holds a thread of 1 back from all later versions.
static __attribute__((noinline)) int early_part(void) { return value_of(V >= 2 ? 2 : 1); }
int early(void (*inside)(void)) {
  int first = value_of(V >= 2 ? 2 : 1);
  if (inside)
    inside();
  return early_part() == first ? first : 0;
}
// Changed by 3 -> 4 alone: what holds a thread back from there does not hold it back from 3.
int other(void (*inside)(void)) {
  int own = value_of(V >= 4 ? 4 : 1);
  if (inside)
    inside();
  return value_of(own);
}
#else

struct Holder {
  pthread_t thread;
  sem_t release;
  int (*function)(void (*)(void)), expected;
  atomic_int inside;
};
static _Thread_local struct Holder *own;
static void wait_inside(void) {
  own->inside = 1;
  while (sem_wait(&own->release) != 0)
    ;
}
static void *hold(void *holder) {
  own = holder;
  CHECK(own->function(wait_inside) == own->expected);
  return NULL;
}
// A thread that stays in `function`, in the version that it begins in, until it is released.
static void begin(struct Holder *holder, int (*function)(void (*)(void)), int expected) {
  *holder = (struct Holder){.function = function, .expected = expected};
  CHECK(sem_init(&holder->release, 0, 0) == 0 && pthread_create(&holder->thread, NULL, hold, holder) == 0);
  WAIT_UNTIL(holder->inside);
}
static void end(struct Holder *holder) { CHECK(sem_post(&holder->release) == 0 && pthread_join(holder->thread, NULL) == 0); }

static sem_t turn, turned;
static atomic_int asked_version;
static void *answers(void *unused) {
  for (;;) {
    while (sem_wait(&turn) != 0)
      ;
    asked_version = version();
    if (asked_version < 0)
      return unused;
    sem_post(&turned);
  }
}
// The version of a thread that was parked.
static int parked_version(void) {
  sem_post(&turn);
  while (sem_wait(&turned) != 0)
    ;
  return asked_version;
}

static int is_moving(const char *file) {
  char name[64];
  snprintf(name, sizeof(name), "file=%s", file);
  const char *row = strstr(status(), name);
  CHECK(row);
  const char *row_end = strchr(row, '\n'), *moving = strstr(row, "state=moving");
  return moving && row_end && moving < row_end;
}

static char why[1024];
static int may_apply(const char *path) { return wfp_apply(path, why, sizeof(why)) == 0; }
static int may_revert(const char *name) { return wfp_revert(name, why, sizeof(why)) == 0; }

int main(int argc, char **argv) {
  CHECK(argc == 4);
  pthread_t parked;
  CHECK(sem_init(&turn, 0, 0) == 0 && sem_init(&turned, 0, 0) == 0 && pthread_create(&parked, NULL, answers, NULL) == 0);

  // Three at once, each held up by a thread that began before it.
  struct Holder in_1, in_early, in_2, in_3;
  begin(&in_1, chain, 1);
  begin(&in_early, early, 1);
  CHECK(may_apply(argv[1]));
  WAIT_UNTIL(parked_version() == 2); // that one has moved: it is held up by nobody
  begin(&in_2, chain, 2);            // a birth in the published version
  CHECK(may_apply(argv[2]));
  WAIT_UNTIL(parked_version() == 3);
  begin(&in_3, other, 1); // unlike the others not active for 2 -> 3
  CHECK(may_apply(argv[3]));
  WAIT_UNTIL(parked_version() == 4);
  CHECK(is_moving("to-2.wfp") && is_moving("to-3.wfp") && is_moving("to-4.wfp"));

  // A middle one is not reverted, and that is said; nor is one applied twice.
  CHECK(!may_revert("to-2.wfp") && strstr(why, "is not the newest update: revert to-4.wfp first"));
  CHECK(!may_revert("to-3.wfp") && strstr(why, "is not the newest update: revert to-4.wfp first"));
  CHECK(!may_apply(argv[2]) && strstr(why, "applied already"));
  CHECK(parked_version() == 4);

  // The newest one is, though threads are still on their way to it; and comes again.
  CHECK(may_revert("to-4.wfp"));
  WAIT_UNTIL(parked_version() == 3);
  CHECK(may_apply(argv[3]));
  WAIT_UNTIL(parked_version() == 4);

  // Each gets from where it is to the last one, in whichever order they come free.
  end(&in_2);
  end(&in_3);
  CHECK(!settled() && is_moving("to-2.wfp"));
  end(&in_1);
  WAIT_UNTIL(parked_version() == 4);
  CHECK(!settled());
  end(&in_early);
  WAIT_UNTIL(settled());
  CHECK(!is_moving("to-2.wfp") && !is_moving("to-3.wfp") && version() == 4 && parked_version() == 4);
  revert();
  revert();
  revert();
  CHECK(version() == 1 && parked_version() == 1);

  // As many as there are tables, twice: they are free again when the update has settled.
  for (int round = 0; round < 2; ++round) {
    int made = 0, now = 1;
    begin(&in_1, chain, 1);
    while (now == 1 ? may_apply(argv[1]) : may_revert(NULL)) {
      now = 3 - now;
      ++made;
      CHECK(made < 1000);
    }
    CHECK(strstr(why, "too many updates are on their way"));
    CHECK(made == 62); // of 64: the base view, and the one that was settled, are in use
    // Nothing is lost: the same again, and what was published is.
    CHECK(!(now == 1 ? may_apply(argv[1]) : may_revert(NULL)) && strstr(why, "too many updates are on their way"));
    WAIT_UNTIL(parked_version() == now);
    CHECK(version() == now);
    // A thread that is born now is in it as well; those that come free go there at once.
    begin(&in_2, chain, now);
    end(&in_1);
    end(&in_2);
    WAIT_UNTIL(settled());
    CHECK(version() == now && parked_version() == now);
    if (now == 2)
      revert();
  }
  apply(argv[1]);
  apply(argv[2]);
  CHECK(version() == 3 && parked_version() == 3);
  return 0;
}
#endif
