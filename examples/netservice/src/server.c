// The main thread accepts connections and hands them to the workers in turn; each worker has its own epoll set and
// sleeps until one of its clients says something.  Nobody wakes up for nothing.
#include "server.h"

#include "command.h"
#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct Worker {
  pthread_t thread;
  int epoll;
  char scratch[kValueMax];
};

enum { kBatch = 64 };

static void *worker_main(void *argument) {
  struct Worker *worker = argument;
  struct epoll_event events[kBatch];
  for (;;) {
    const int count = epoll_wait(worker->epoll, events, kBatch, -1);
    for (int i = 0; i < count; ++i) {
      struct Connection *connection = events[i].data.ptr;
      if (!connection) // the stop event
        return NULL;
      if (!connection_handle(connection, events[i].events, worker->scratch))
        connection_close(connection);
    }
  }
}

static int listen_on_loopback(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1024) == 0)
    return fd;
  fprintf(stderr, "netservice: cannot listen on 127.0.0.1:%d: %s\n", port, strerror(errno));
  if (fd >= 0)
    close(fd);
  return -1;
}

// Says where the service listens.  The file appears whole, under its name, or not at all.
static bool announce_port(int listener, const char *file) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  getsockname(listener, (struct sockaddr *)&address, &size);
  const int port = ntohs(address.sin_port);
  printf("port %d\n", port);
  fflush(stdout);
  if (!file)
    return true;
  char temporary[4096];
  snprintf(temporary, sizeof temporary, "%s.new", file);
  FILE *stream = fopen(temporary, "w");
  const bool written = stream && fprintf(stream, "%d\n", port) > 0;
  if ((stream && fclose(stream) != 0) || !written || rename(temporary, file) != 0) {
    fprintf(stderr, "netservice: cannot write %s: %s\n", file, strerror(errno));
    return false;
  }
  return true;
}

static void accept_clients(int listener, struct Worker *workers, int threads) {
  static unsigned next;
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
      continue;
    if (fd < 0)
      return; // EAGAIN, or too many descriptors: the client waits in the queue
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!connection_open(fd, workers[next++ % (unsigned)threads].epoll))
      close(fd);
  }
}

static bool watch(int epoll, int fd, void *what) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
  return fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

// Starts `threads` workers, each of which will stop when `stop` becomes readable.  Returns how many it could start.
static int start_workers(struct Worker *workers, int threads, int stop) {
  for (int i = 0; i < threads; ++i) {
    workers[i].epoll = epoll_create1(EPOLL_CLOEXEC);
    if (workers[i].epoll < 0 || !watch(workers[i].epoll, stop, NULL))
      return i;
    errno = pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
    if (errno != 0)
      return i;
  }
  return threads;
}

// Accepts until a signal comes or the time is up.
static bool serve(int listener, int seconds, struct Worker *workers, int threads) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const int signal = signalfd(-1, &signals, SFD_CLOEXEC);
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const struct itimerspec end = {.it_value.tv_sec = seconds}; // zero disarms it
  bool good = watch(epoll, listener, workers) && watch(epoll, signal, NULL) && watch(epoll, timer, NULL) &&
              timerfd_settime(timer, 0, &end, NULL) == 0;
  if (!good)
    fprintf(stderr, "netservice: cannot wait for clients: %s\n", strerror(errno));
  for (bool stop = !good; !stop;) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) != 1)
      continue;
    if (event.data.ptr)
      accept_clients(listener, workers, threads);
    else
      stop = true;
  }
  close(epoll);
  close(timer);
  close(signal);
  return good;
}

// Each worker and each client needs a descriptor.
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int server_run(const struct Options *options) {
  raise_descriptor_limit();
  const int listener = listen_on_loopback(options->port);
  if (listener < 0)
    return 1;
  const int stop = eventfd(0, EFD_CLOEXEC);
  struct Worker *workers = calloc((size_t)options->threads, sizeof *workers);
  const int started = workers ? start_workers(workers, options->threads, stop) : 0;
  bool good = started == options->threads;
  if (!good)
    fprintf(stderr, "netservice: cannot start worker %d: %s\n", started, strerror(errno));
  good = good && announce_port(listener, options->port_file) &&
         serve(listener, options->seconds, workers, options->threads);

  close(listener);
  const uint64_t one = 1;
  if (write(stop, &one, sizeof one) != sizeof one)
    return 1;
  for (int i = 0; i < started; ++i) {
    pthread_join(workers[i].thread, NULL);
    close(workers[i].epoll);
  }
  close(stop);
  free(workers);
  return good ? 0 : 1;
}
