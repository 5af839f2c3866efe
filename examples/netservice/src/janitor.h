// The background thread: once a second it removes expired entries and updates the statistics.
#ifndef NETSERVICE_JANITOR_H
#define NETSERVICE_JANITOR_H

#include <stdbool.h>

// False, with errno set, if the thread cannot be started.
bool janitor_start(void);
void janitor_stop(void); // waits for its end

#endif
