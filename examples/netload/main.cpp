// netload: sends requests to netservice at a fixed rate, checks every reply, and says how long they took.
#include "ask.h"
#include "load.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <exception>
#include <sched.h>
#include <string>
#include <system_error>

namespace {

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    throw std::system_error(errno, std::system_category(), "--cpu " + std::to_string(cpu));
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Open-loop load for netservice. Exit: 0 every reply was right, 1 some were not, 2 could not start.");
  netload::LoadOptions options;
  int cpu = -1;
  bool json = false;
  std::string csv, request;
  app.add_option("--port", options.port, "port of the service on 127.0.0.1")->required()->check(CLI::Range(1, 65535));
  app.add_option("--rate", options.rate, "requests a second, over all connections")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long; SIGTERM ends it earlier, with a report")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--connections", options.connections, "how many")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--cpu", cpu, "run on this processor")->check(CLI::Range(0, 1023));
  app.add_flag("--sleep", options.sleep,
               "sleep between requests: gentler, but the generator's wake-ups count as latency");
  app.add_option("--out", csv, "write a row for every 10 ms into this CSV file");
  app.add_option("--ready-file", options.ready_file, "create this file when the first reply has come");
  app.add_flag("--json", json, "print the report as JSON");
  app.add_option("--ask", request, "send just this request (without a nonce), and print who answered what");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (cpu >= 0)
      pin_to(cpu);
    if (!request.empty())
      return netload::ask(options.port, request);
    const netload::Report report = netload::run_load(options);
    if (!csv.empty())
      report.write_csv(csv);
    if (json)
      std::printf("%s\n", report.json().dump(2).c_str());
    else
      report.print_text();
    return report.errors() == 0 ? 0 : 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "netload: %s\n", error.what());
    return 2;
  }
}
