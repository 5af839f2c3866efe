// server-load: load for a real server on loopback that knows every answer.
//
// The question that the server benchmarks ask is not how fast a server is but whether one request fails, stalls or is
// answered wrongly while its code changes.  conversation.h has the protocols, load.h the open loop.
#include "bench/servers/load/load.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>

using namespace wfp::bench;

namespace {

volatile std::sig_atomic_t stop_requested = 0;

nlohmann::json to_json(const LoadReport &report, const LoadOptions &options) {
  const auto micros = [&](double fraction) { return std::round(report.latency.quantile_us(fraction) * 10) / 10; };
  nlohmann::json bins = nlohmann::json::array(), slowest = nlohmann::json::array();
  report.latency.for_each_bin([&](double upper_us, std::uint64_t count) { bins.push_back({std::round(upper_us * 10) / 10, count}); });
  for (const SlowRequest &request : report.slowest) {
    const double due_ms = static_cast<double>(request.due - report.recorded_from) / 1e6;
    slowest.push_back({std::round(due_ms * 10) / 10, std::round(static_cast<double>(request.latency) / 1000)});
  }
  return {{"requests", report.requests},
          {"answered", report.answered},
          {"failed", report.failed},
          {"failures", report.failures},
          {"reconnects", report.reconnects},
          {"connections", options.connections},
          {"seconds", report.seconds},
          {"rate", options.rate},
          {"recorded", report.latency.count()},
          {"p50_us", micros(0.5)},
          {"p95_us", micros(0.95)},
          {"p99_us", micros(0.99)},
          {"p995_us", micros(0.995)},
          {"p999_us", micros(0.999)},
          {"max_us", std::round(report.latency.max_us() * 10) / 10},
          {"bins_us", bins},
          {"recorded_from", static_cast<double>(report.recorded_from) / 1e9},
          {"slowest_ms_us", slowest}};
}

// Several servers can be loaded in turn this way, a fraction of a second each, without connecting anew.
int take_turns(const std::function<LoadReport()> &load, const LoadOptions &options) {
  for (std::string line; !stop_requested && std::getline(std::cin, line);) {
    const LoadReport report = load();
    if (!(std::cout << to_json(report, options) << std::endl) || report.failed != 0)
      return 1;
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  LoadOptions options;
  std::string protocol, json, files, base = "dc=example";
  unsigned entries = 100;
  bool turns = false;
  CLI::App app{"Loads a server on 127.0.0.1 and checks every answer; ends at once, with its report, on SIGTERM"};
  app.add_option("--protocol", protocol)->required()->check(CLI::IsMember({"memcached", "redis", "http", "ldap", "mysql", "smb2"}));
  app.add_option("--port", options.ports, "port to connect to; connections alternate between several")->required();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10'000));
  app.add_option("--rate", options.rate, "requests per second in all; 0: as fast as answers come");
  app.add_option("--seconds", options.seconds);
  app.add_option("--warm-up", options.warm_up, "first seconds whose latencies do not count");
  app.add_flag("--spin", options.spin, "never sleep (needs a processor of its own)");
  app.add_option("--slowest", options.slowest, "of how many of the slowest requests to say when they fell due");
  app.add_option("--files", files, "http: the folder that the server offers under /");
  app.add_option("--base", base, "ldap: the entries cn=0, cn=1, ... are below it");
  app.add_option("--entries", entries, "ldap: how many there are")->check(CLI::Range(1, 1'000'000));
  app.add_flag("--turns", turns, "load for --seconds at each line of standard input, and report on a line of standard output");
  app.add_option("--json", json, "file for the report; standard output if not given");
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGTERM, [](int) { stop_requested = 1; });
  std::signal(SIGINT, [](int) { stop_requested = 1; });
  try {
    const ConversationMaker make = protocol == "memcached" ? memcached_conversations()
                                   : protocol == "redis"   ? redis_conversations()
                                   : protocol == "http"    ? http_conversations(files)
                                   : protocol == "mysql"   ? mysql_conversations()
                                   : protocol == "smb2"    ? smb2_conversations()
                                                           : ldap_conversations(base, entries);
    const auto load = connect_load(options, make, stop_requested);
    if (turns)
      return take_turns(load, options);
    const LoadReport report = load();
    const std::string text = to_json(report, options).dump() + "\n";
    if (json.empty())
      fputs(text.c_str(), stdout);
    else if (!(std::ofstream(json) << text).flush())
      throw std::runtime_error("cannot write " + json);
    return report.failed == 0 && report.answered > 0 ? 0 : 1;
  } catch (const std::exception &error) {
    fprintf(stderr, "server-load: %s\n", error.what());
    return 1;
  }
}
