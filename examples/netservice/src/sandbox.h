#ifndef NETSERVICE_SANDBOX_H
#define NETSERVICE_SANDBOX_H

#include <stdbool.h>

// Forbid this process memory that is writable and executable, as hardened services do.  Both are for good, for every
// thread and for whatever the process executes later.  They return false, with errno set, where the kernel does not
// know them.

// PR_SET_MDWE (Linux 6.3): no mapping is W+X, none becomes executable after it was made.
bool sandbox_deny_write_execute(void);

// The seccomp filter of systemd's MemoryDenyWriteExecute=yes: mmap with W+X, any mprotect to X and shmat with SHM_EXEC
// fail with EPERM.
bool sandbox_install_filter(void);

// Whether memory can no longer become executable: tries both ways.
bool sandbox_holds(void);

#endif
