// with-sandbox [--mdwe] [--seccomp] PROGRAM ARGUMENT...: runs any program as a service manager would that denies memory
// which is writable and executable: the sandbox is there before the program's first instruction, its libraries'
// included.
#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int next = 1;
  for (; next < argc && argv[next][0] == '-'; ++next) {
    bool known = true, done = false;
    if (strcmp(argv[next], "--mdwe") == 0)
      done = sandbox_deny_write_execute();
    else if (strcmp(argv[next], "--seccomp") == 0)
      done = sandbox_install_filter();
    else
      known = false;
    if (!done) {
      fprintf(stderr, "with-sandbox: %s: %s\n", argv[next], known ? strerror(errno) : "unknown option");
      return known ? 1 : 2;
    }
  }
  if (next == argc) {
    fputs("usage: with-sandbox [--mdwe] [--seccomp] PROGRAM ARGUMENT...\n", stderr);
    return 2;
  }
  execvp(argv[next], argv + next);
  fprintf(stderr, "with-sandbox: %s: %s\n", argv[next], strerror(errno));
  return 127;
}
