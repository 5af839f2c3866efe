/* Rounds of 20 updates, stacked one upon another and reverted, as long as one likes: what the process uses stays level.
 *
 *   rounds ROUNDS FOLDER      FOLDER has to-2.wfp ... to-21.wfp
 *
 * First as many changes are made as can be on their way at one time, while a thread holds them up: from then on all tables that there can be are there.
 * In every second round each change waits until the one before has settled; in the others all are published without waiting.
 * Prints a row of CSV now and then, always in a settled state with no update in force: rounds, changes, refusals, resident KiB, mappings, descriptors of the program and of
 * the control thread, threads.  Ends with 1 when an activation saw two versions, or the wrong one, and when something could not be changed.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wfpatch/wfpatch.h>

enum { kVersions = 21 };
int version(void (*inside)(void));

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "rounds: %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

static atomic_int stop;

static void *busy(void *unused) {
  while (!stop) {
    for (int i = 0; i < 50; ++i)
      CHECK(version(NULL) != 0);
    usleep(50); /* leaves a processor to the updates */
  }
  return unused;
}
static void wait_shortly(void) { usleep(20); }
static void *waits(void *unused) {
  while (!stop) {
    CHECK(version(wait_shortly) != 0);
    usleep(200);
  }
  return unused;
}
static sem_t begun, end;
static void *idle(void *unused) {
  CHECK(version(NULL) == 1);
  CHECK(sem_post(&begun) == 0);
  while (sem_wait(&end) != 0)
    CHECK(errno == EINTR);
  return unused;
}

static sem_t release;
static atomic_int held;
static void wait_for_release(void) {
  held = 1;
  while (sem_wait(&release) != 0)
    CHECK(errno == EINTR);
}
static void *holds(void *unused) {
  CHECK(version(wait_for_release) == 1);
  return unused;
}

static char status[1 << 18];
static int settled(void) {
  CHECK(wfp_status(status, sizeof(status)) < sizeof(status));
  return strstr(status, "state=moving") == NULL;
}
static void await_settled(void) {
  for (int turns = 0; !settled(); ++turns) {
    CHECK(turns < 120000);
    usleep(500);
  }
}

static long changes, refusals;
static void change(const char *update) {
  char why[1024];
  while ((update ? wfp_apply(update, why, sizeof(why)) : wfp_revert(NULL, why, sizeof(why))) != 0) {
    ++refusals; /* too fast: the only reason that there can be */
    if (!strstr(why, "too many updates are on their way")) {
      fprintf(stderr, "rounds: %s: %s\n", update ? update : "revert", why);
      _exit(1);
    }
    await_settled();
  }
  ++changes;
}

/* Forth and back until one more is refused; then all of it back. */
static void change_as_often_as_possible(char (*updates)[4096]) {
  pthread_t holder;
  char why[1024];
  CHECK(sem_init(&release, 0, 0) == 0 && pthread_create(&holder, NULL, holds, NULL) == 0);
  while (!held)
    usleep(500);
  int number = 1, forwards = 1;
  for (long made = 0;; ++made, number += forwards ? 1 : -1) {
    forwards = number == 1 || (forwards && number < kVersions);
    if ((forwards ? wfp_apply(updates[number + 1], why, sizeof(why)) : wfp_revert(NULL, why, sizeof(why))) == 0)
      continue;
    fprintf(stderr, "rounds: %ld changes on their way; then: %s\n", made, why);
    CHECK(made >= 60 && strstr(why, "too many updates are on their way"));
    break;
  }
  CHECK(!settled());
  CHECK(sem_post(&release) == 0 && pthread_join(holder, NULL) == 0);
  await_settled();
  CHECK(version(NULL) == number);
  for (; number > 1; --number)
    change(NULL);
  await_settled();
  CHECK(version(NULL) == 1);
  changes = 0;
}

static long count_entries(const char *path) {
  long count = -2; /* "." and ".." */
  DIR *directory = opendir(path);
  CHECK(directory);
  while (readdir(directory))
    ++count;
  closedir(directory);
  return count;
}
static long count_lines(const char *path) {
  char line[8192];
  long count = 0;
  FILE *file = fopen(path, "re");
  CHECK(file);
  while (fgets(line, sizeof(line), file))
    ++count;
  fclose(file);
  return count;
}
static long resident_kib(void) { /* exact, as /proc/self/status is not */
  char line[256];
  long kib = 0;
  FILE *file = fopen("/proc/self/smaps_rollup", "re");
  CHECK(file);
  while (fgets(line, sizeof(line), file))
    sscanf(line, "Rss: %ld", &kib);
  fclose(file);
  return kib;
}
static long control_descriptors(void) {
  static char path[512];
  char name[32] = "";
  if (!*path) {
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks);
    for (struct dirent *task; (task = readdir(tasks)) && strcmp(name, "wfpatch\n") != 0;) {
      snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
      FILE *file = fopen(path, "re");
      if (file && !fgets(name, sizeof(name), file))
        *name = '\0';
      if (file)
        fclose(file);
      snprintf(path, sizeof(path), "/proc/self/task/%s/fd", task->d_name);
    }
    closedir(tasks);
    CHECK(strcmp(name, "wfpatch\n") == 0);
  }
  return count_entries(path);
}

static void print_sample(long round) {
  printf("%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld\n", round, changes, refusals, resident_kib(), count_lines("/proc/self/maps"),
         count_entries("/proc/self/fd") - 1, control_descriptors(), count_entries("/proc/self/task"));
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: rounds ROUNDS FOLDER\n");
    return 2;
  }
  long rounds = atol(argv[1]);
  static char updates[kVersions + 1][4096];
  for (int number = 2; number <= kVersions; ++number)
    snprintf(updates[number], sizeof(updates[number]), "%s/to-%d.wfp", argv[2], number);
  CHECK(sem_init(&begun, 0, 0) == 0 && sem_init(&end, 0, 0) == 0);
  void *(*const kinds[])(void *) = {busy, waits, waits, idle, idle, idle};
  enum { kThreads = sizeof(kinds) / sizeof(kinds[0]) };
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_create(&threads[i], NULL, kinds[i], NULL) == 0);
  for (int i = 0; i < kThreads; ++i) /* a thread that is born later begins in the newest view */
    while (kinds[i] == idle && sem_wait(&begun) != 0)
      CHECK(errno == EINTR);

  change_as_often_as_possible(updates);
  printf("rounds,changes,refusals,rss_kib,maps,descriptors,control_descriptors,threads\n");
  long distance = rounds / 200 ? rounds / 200 : 1;
  for (long round = 1; round <= rounds; ++round) {
    int waiting = round % 2;
    for (int number = 2; number <= kVersions; ++number) {
      change(updates[number]);
      if (waiting) {
        await_settled();
        CHECK(version(NULL) == number);
      }
    }
    for (int number = kVersions - 1; number >= 1; --number) {
      change(NULL);
      if (waiting) {
        await_settled();
        CHECK(version(NULL) == number);
      }
    }
    await_settled();
    CHECK(version(NULL) == 1);
    if (round % distance == 0)
      print_sample(round);
  }
  stop = 1;
  for (int i = 0; i < kThreads; ++i)
    sem_post(&end);
  for (int i = 0; i < kThreads; ++i)
    CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}
