#ifndef NETSERVICE_OPTIONS_H
#define NETSERVICE_OPTIONS_H

#include <stdbool.h>

struct Options {
  int port;              // 0: the kernel chooses one
  const char *port_file; // where to write the port, NULL for standard output only
  int threads;           // workers
  long memory_mb;        // memory to touch at start, so that the size of the process can be varied
  int seconds;           // stop after so long even if nobody asks; 0: never
  bool mdwe;             // PR_SET_MDWE
  bool seccomp;          // what systemd's MemoryDenyWriteExecute=yes installs
};

// Fills *options from the command line.  Returns false after a message on standard error; *exit_code then says how to
// exit (0 after --help, 2 after a mistake).
bool options_parse(int argc, char **argv, struct Options *options, int *exit_code);

#endif
