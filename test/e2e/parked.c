// Threads in every interposed kind of wait are moved without being woken, and run the new code once they wake.
//
// RUN: rm -rf %t && mkdir -p %t/old %t/new
// RUN: %wfclang -O2 -DPROGRAM -c %s -o %t/program.o
// RUN: %wfclang -O2 -c %s -o %t/old/unit.o && %wfclang -O2 -DNEW -c %s -o %t/new/unit.o
// RUN: %clang %t/program.o %t/old/unit.o -o %t/program %runtime -pthread
// RUN: %wfdiff %t/old %t/new -o %t/update.wfp
// RUN: %t/program %t/update.wfp

#define _GNU_SOURCE
#include "Inputs/harness.h"
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
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

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int released;
static sem_t semaphore;
static int sockets[64][2];
static pthread_t idle_thread;
static atomic_int stop_idle;

static void *idle(void *unused) {
  (void)unused;
  while (!atomic_load(&stop_idle))
    usleep(1000);
  return NULL;
}

static struct timespec in_a_minute(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_sec += 60;
  return time;
}

// One kind of wait each; all end when the main thread releases them.
static void by_read(int fd) { char byte; CHECK(read(fd, &byte, 1) == 1); }
static void by_recv(int fd) { char byte; CHECK(recv(fd, &byte, 1, 0) == 1); }
static void by_recvfrom(int fd) { char byte; CHECK(recvfrom(fd, &byte, 1, 0, NULL, NULL) == 1); }
static void by_recvmsg(int fd) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  CHECK(recvmsg(fd, &message, 0) == 1);
}
static void by_poll(int fd) { struct pollfd entry = {fd, POLLIN, 0}; CHECK(poll(&entry, 1, -1) == 1); }
static void by_ppoll(int fd) { struct pollfd entry = {fd, POLLIN, 0}; CHECK(ppoll(&entry, 1, NULL, NULL) == 1); }
static void by_select(int fd) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fd, &set);
  CHECK(select(fd + 1, &set, NULL, NULL, NULL) == 1);
}
static void by_epoll(int fd) {
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  CHECK(epoll_wait(epoll, &event, 1, -1) == 1);
  close(epoll);
}
static void by_condition(int fd) {
  (void)fd;
  pthread_mutex_lock(&mutex);
  while (!released)
    pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
}
static void by_timed_condition(int fd) {
  (void)fd;
  struct timespec deadline = in_a_minute();
  pthread_mutex_lock(&mutex);
  while (!released)
    CHECK(pthread_cond_timedwait(&condition, &mutex, &deadline) == 0);
  pthread_mutex_unlock(&mutex);
}
static void by_semaphore(int fd) { (void)fd; CHECK(sem_wait(&semaphore) == 0); }
static void by_timed_semaphore(int fd) { (void)fd; struct timespec deadline = in_a_minute(); CHECK(sem_timedwait(&semaphore, &deadline) == 0); }
static void by_join(int fd) { (void)fd; CHECK(pthread_join(idle_thread, NULL) == 0); }
static void by_signal(int fd) {
  (void)fd;
  sigset_t set;
  int signal;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  CHECK(sigwait(&set, &signal) == 0 && signal == SIGUSR1);
}

static void (*const waits[])(int) = {by_read, by_recv, by_recvfrom, by_recvmsg, by_poll, by_ppoll, by_select, by_epoll,
                                     by_condition, by_timed_condition, by_semaphore, by_timed_semaphore, by_join, by_signal};
enum { kWaits = sizeof(waits) / sizeof(waits[0]) };

static atomic_int waiting, tids[kWaits];
static int seen[kWaits];

static void *waiter(void *index) {
  long i = (long)index;
  CHECK(version() == 1);
  tids[i] = (int)syscall(SYS_gettid);
  ++waiting;
  waits[i](sockets[i][0]);
  seen[i] = version();
  return NULL;
}

// Both kinds of context switches of a thread: whether it has run.
static long switches(int tid) {
  char path[64], line[256];
  snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
  FILE *file = fopen(path, "r");
  CHECK(file);
  long sum = 0, value;
  while (fgets(line, sizeof(line), file))
    if (sscanf(line, "voluntary_ctxt_switches: %ld", &value) == 1 || sscanf(line, "nonvoluntary_ctxt_switches: %ld", &value) == 1)
      sum += value;
  fclose(file);
  return sum;
}

static int asleep(int tid) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(text, sizeof(text), file));
  fclose(file);
  return strrchr(text, ')')[2] == 'S';
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && sem_init(&semaphore, 0, 0) == 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  CHECK(pthread_create(&idle_thread, NULL, idle, NULL) == 0);
  pthread_t threads[kWaits];
  for (long i = 0; i < kWaits; ++i) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i]) == 0);
    CHECK(pthread_create(&threads[i], NULL, waiter, (void *)i) == 0);
  }
  WAIT_UNTIL(waiting == kWaits);
  for (int i = 0; i < kWaits; ++i)
    WAIT_UNTIL(asleep(tids[i]));
  long before[kWaits];
  for (int i = 0; i < kWaits; ++i)
    before[i] = switches(tids[i]);

  apply(argv[1]);

  for (int i = 0; i < kWaits; ++i)
    if (switches(tids[i]) != before[i]) {
      fprintf(stderr, "waiter %d was woken\n", i);
      return 1;
    }
  pthread_mutex_lock(&mutex);
  released = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  sem_post(&semaphore);
  sem_post(&semaphore);
  stop_idle = 1;
  for (int i = 0; i < kWaits; ++i) {
    CHECK(write(sockets[i][1], "x", 1) == 1);
    if (waits[i] == by_signal)
      pthread_kill(threads[i], SIGUSR1);
  }
  for (int i = 0; i < kWaits; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    if (seen[i] != 2) {
      fprintf(stderr, "waiter %d ran version %d after the update\n", i, seen[i]);
      return 1;
    }
  }
  return 0;
}
#endif
