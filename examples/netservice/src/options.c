#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: netservice [--port N] [--port-file FILE] [--threads N] [--memory MB] [--seconds N] [--mdwe] [--seccomp]\n"
    "  --port N        listen on 127.0.0.1:N; 0 (default) takes a free one, printed as \"port N\"\n"
    "  --port-file F   also write the port into F, once the service accepts connections\n"
    "  --threads N     worker threads, 1 to 10000 (default 4)\n"
    "  --memory MB     allocate and touch so much memory\n"
    "  --seconds N     stop by itself after N seconds (default 600; 0: never)\n"
    "  --mdwe          run under PR_SET_MDWE\n"
    "  --seccomp       run under a filter like systemd's MemoryDenyWriteExecute=yes\n";

static bool parse_number(const char *text, long low, long high, long *number) {
  char *end;
  *number = strtol(text, &end, 10);
  return end != text && *end == '\0' && *number >= low && *number <= high;
}

bool options_parse(int argc, char **argv, struct Options *options, int *exit_code) {
  enum { kPort = 1, kPortFile, kThreads, kMemory, kSeconds, kMdwe, kSeccomp, kHelp };
  static const struct option table[] = {
      {"port", required_argument, NULL, kPort},
      {"port-file", required_argument, NULL, kPortFile},
      {"threads", required_argument, NULL, kThreads},
      {"memory", required_argument, NULL, kMemory},
      {"seconds", required_argument, NULL, kSeconds},
      {"mdwe", no_argument, NULL, kMdwe},
      {"seccomp", no_argument, NULL, kSeccomp},
      {"help", no_argument, NULL, kHelp},
      {NULL, 0, NULL, 0},
  };
  *options = (struct Options){.threads = 4, .seconds = 600};
  *exit_code = 2;
  int option, index = 0;
  while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
    long number = 0;
    bool valid = true;
    switch (option) {
    case kPort:
      valid = parse_number(optarg, 0, 65535, &number);
      options->port = (int)number;
      break;
    case kPortFile:
      options->port_file = optarg;
      break;
    case kThreads:
      valid = parse_number(optarg, 1, 10000, &number);
      options->threads = (int)number;
      break;
    case kMemory:
      valid = parse_number(optarg, 0, 1 << 20, &options->memory_mb);
      break;
    case kSeconds:
      valid = parse_number(optarg, 0, 1 << 30, &number);
      options->seconds = (int)number;
      break;
    case kMdwe:
      options->mdwe = true;
      break;
    case kSeccomp:
      options->seccomp = true;
      break;
    case kHelp:
      fputs(usage, stdout);
      *exit_code = 0;
      return false;
    default: // getopt_long has said what is wrong
      fputs(usage, stderr);
      return false;
    }
    if (!valid) {
      fprintf(stderr, "netservice: --%s: bad value '%s'\n", table[index].name, optarg);
      return false;
    }
  }
  if (optind < argc) {
    fprintf(stderr, "netservice: unexpected argument '%s'\n", argv[optind]);
    return false;
  }
  return true;
}
