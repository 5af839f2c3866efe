#ifndef NETSERVICE_SERVER_H
#define NETSERVICE_SERVER_H

#include "options.h"

// Listens, starts the workers, hands connections to them until SIGTERM, SIGINT or the end of options->seconds, and
// stops the workers.  The caller has blocked the two signals in every thread.  Returns the process's exit code.
int server_run(const struct Options *options);

#endif
