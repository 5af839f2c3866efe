// Requests may be pipelined: each wake-up reads once, executes every complete line, and writes once.  While a client
// does not take its replies, nothing more is read from it, so that memory stays bounded: 24 KiB a connection.
#include "connection.h"

#include "command.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct Connection {
  int fd;
  int epoll;
  uint32_t interest; // EPOLLIN, or EPOLLOUT while replies are waiting for the client
  size_t in_length;
  size_t out_length;
  char in[8 * 1024];
  char out[16 * 1024];
};

_Static_assert(sizeof(((struct Connection *)0)->in) > kRequestMax, "a whole request fits");
_Static_assert(sizeof(((struct Connection *)0)->out) > kReplyMax, "a whole reply fits");

static atomic_int open_connections;

struct Connection *connection_open(int fd, int epoll) {
  struct Connection *connection = malloc(sizeof *connection);
  if (!connection)
    return NULL;
  connection->fd = fd;
  connection->epoll = epoll;
  connection->interest = EPOLLIN;
  connection->in_length = connection->out_length = 0;
  atomic_fetch_add_explicit(&open_connections, 1, memory_order_relaxed);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  // From here on the connection belongs to the thread that waits on `epoll`.
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0)
    return connection;
  atomic_fetch_sub_explicit(&open_connections, 1, memory_order_relaxed);
  free(connection);
  return NULL;
}

void connection_close(struct Connection *connection) {
  close(connection->fd); // and with it leaves the epoll set
  free(connection);
  atomic_fetch_sub_explicit(&open_connections, 1, memory_order_relaxed);
}

int connection_count(void) { return atomic_load_explicit(&open_connections, memory_order_relaxed); }

// Sends what it can.  False if the connection is broken.
static bool flush_replies(struct Connection *connection) {
  size_t sent = 0;
  while (sent < connection->out_length) {
    const ssize_t count = send(connection->fd, connection->out + sent, connection->out_length - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno != EAGAIN)
      return false;
    if (count < 0)
      break;
    sent += (size_t)count;
  }
  memmove(connection->out, connection->out + sent, connection->out_length - sent);
  connection->out_length -= sent;
  return true;
}

// Executes complete lines while there is room for their replies.  False after a line that is too long.
static bool execute_requests(struct Connection *connection, char *scratch) {
  const char *line = connection->in, *end = connection->in + connection->in_length;
  while (sizeof connection->out - connection->out_length >= kReplyMax) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    if (!newline)
      break;
    connection->out_length +=
        command_execute(line, (size_t)(newline - line), scratch, connection->out + connection->out_length);
    line = newline + 1;
  }
  connection->in_length = (size_t)(end - line);
  memmove(connection->in, line, connection->in_length);
  return connection->in_length <= kRequestMax || memchr(connection->in, '\n', connection->in_length);
}

// Reads once.  False at the end of the stream or if it is broken.
static bool read_requests(struct Connection *connection) {
  const size_t room = sizeof connection->in - connection->in_length;
  const ssize_t count = recv(connection->fd, connection->in + connection->in_length, room, 0);
  if (count <= 0)
    return count < 0 && (errno == EAGAIN || errno == EINTR);
  connection->in_length += (size_t)count;
  return true;
}

static bool watch(struct Connection *connection, uint32_t interest) {
  if (connection->interest == interest)
    return true;
  connection->interest = interest;
  struct epoll_event event = {.events = interest, .data.ptr = connection};
  return epoll_ctl(connection->epoll, EPOLL_CTL_MOD, connection->fd, &event) == 0;
}

bool connection_handle(struct Connection *connection, uint32_t events, char *scratch) {
  if ((events & EPOLLOUT) && !flush_replies(connection))
    return false;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && connection->out_length == 0 && !read_requests(connection))
    return false;
  // Whole lines may be left over when the room for replies is used up: go on as long as the client takes them.
  size_t before;
  do {
    before = connection->in_length;
    if (!execute_requests(connection, scratch) || !flush_replies(connection))
      return false;
  } while (connection->out_length == 0 && connection->in_length < before);
  return watch(connection, connection->out_length > 0 ? EPOLLOUT : EPOLLIN);
}
