// One client: reads requests as they come, answers them in order.
#ifndef NETSERVICE_CONNECTION_H
#define NETSERVICE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

struct Connection;

// Takes over the non-blocking socket `fd` and lets `epoll` report on it, with the connection in epoll_data.ptr.  NULL,
// with errno set, if that is not possible; then the caller keeps `fd`.
struct Connection *connection_open(int fd, int epoll);

// Handles what epoll reported.  False if the connection is over: the caller closes it.
bool connection_handle(struct Connection *connection, uint32_t events, char *scratch);

void connection_close(struct Connection *connection);

// Connections now open.
int connection_count(void);

#endif
