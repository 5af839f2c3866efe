#pragma once

#include "report.h"

namespace netload {

struct LoadOptions {
  int port = 0;
  double rate = 20000; // requests a second, over all connections
  double seconds = 5;
  int connections = 8;
  bool sleep = false; // between requests, instead of looking all the time
  std::string ready_file; // created when the first reply has come; empty: none
};

// Throws std::system_error or std::runtime_error if the load cannot be started; what goes wrong later is in the report.
Report run_load(const LoadOptions &options);

} // namespace netload
