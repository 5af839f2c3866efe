// netservice: a small key-value service with a thread for each job, to be updated while it runs.  It knows nothing of
// wfpatch.
#include "janitor.h"
#include "options.h"
#include "sandbox.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static bool enter_sandbox(const struct Options *options) {
  if (options->mdwe && !sandbox_deny_write_execute()) {
    fprintf(stderr, "netservice: --mdwe: %s\n", strerror(errno));
    return false;
  }
  if (options->seccomp && !sandbox_install_filter()) {
    fprintf(stderr, "netservice: --seccomp: %s\n", strerror(errno));
    return false;
  }
  if ((options->mdwe || options->seccomp) && !sandbox_holds()) {
    fprintf(stderr, "netservice: memory can still become executable\n");
    return false;
  }
  return true;
}

// A resident size as a real service has one.
static bool occupy_memory(long megabytes) {
  const size_t size = (size_t)megabytes << 20;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "netservice: --memory %ld: %s\n", megabytes, strerror(errno));
    return false;
  }
  memset(memory, 1, size);
  return true;
}

int main(int argc, char **argv) {
  struct Options options;
  int exit_code;
  if (!options_parse(argc, argv, &options, &exit_code))
    return exit_code;
  if (!enter_sandbox(&options))
    return 1;
  if (options.memory_mb > 0 && !occupy_memory(options.memory_mb))
    return 1;

  // The main thread takes these from a signalfd; every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);

  if (!janitor_start()) {
    fprintf(stderr, "netservice: cannot start the janitor: %s\n", strerror(errno));
    return 1;
  }
  exit_code = server_run(&options);
  janitor_stop();
  return exit_code;
}
