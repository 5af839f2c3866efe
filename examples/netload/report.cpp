#include "report.h"

#include "clock.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace netload {
namespace {

constexpr std::pair<const char *, double> percentiles[] = {
    {"p50", 50}, {"p95", 95}, {"p99", 99}, {"p99.5", 99.5}, {"p99.9", 99.9}};

nlohmann::json latencies_json(const Latencies &latencies) {
  nlohmann::json json;
  for (const auto &[name, percent] : percentiles)
    json[name] = latencies.percentile_us(percent);
  json["max"] = latencies.max_us();
  return json;
}

void print_latencies(const char *title, const Latencies &latencies) {
  std::printf("%-22s", title);
  for (const auto &[name, percent] : percentiles)
    std::printf(" %s %.1f", name, latencies.percentile_us(percent));
  std::printf(" max %.1f us\n", latencies.max_us());
}

} // namespace

void Latencies::add(std::int64_t ns) {
  bins_(static_cast<double>(ns) / 1000);
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

double Latencies::percentile_us(double percent) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * percent / 100));
  std::uint64_t seen = 0;
  for (auto &&bin : boost::histogram::indexed(bins_, boost::histogram::coverage::all)) {
    seen += *bin;
    if (seen >= rank && seen > 0)
      return std::min(bin.bin().upper(), max_us());
  }
  return 0;
}

Report::Report(std::int64_t start, double rate, std::uint64_t requests)
    : start_(start), started_at_(static_cast<double>(clock_ns(CLOCK_REALTIME) - monotonic_ns() + start) / 1e9),
      rate_(rate), requests_(requests), last_received_(start),
      steps_(static_cast<std::size_t>(static_cast<double>(requests) / rate * 1e9 / step_ns) + 1) {}

void Report::add_reply(std::int64_t intended, std::int64_t received, Version version) {
  const std::int64_t latency = received - intended;
  latencies_.add(latency);
  last_received_ = std::max(last_received_, received);
  ++versions_[static_cast<int>(version)];
  Step &step = steps_[std::min<std::size_t>((intended - start_) / step_ns, steps_.size() - 1)];
  ++step.requests;
  step.max_ns = std::max(step.max_ns, latency);
  step.sum_ns += latency;
  ++step.versions[static_cast<int>(version)];
}

void Report::add_error(Error error, std::string_view line) {
  ++errors_[static_cast<int>(error)];
  if (errors() <= 10)
    std::fprintf(stderr, "netload: %s reply '%.*s'\n", error_name(error),
                 static_cast<int>(std::min<std::size_t>(line.size(), 200)), line.data());
}

std::uint64_t Report::errors() const {
  std::uint64_t sum = 0;
  for (std::uint64_t count : errors_)
    sum += count;
  return sum;
}

double Report::achieved_rate() const {
  const auto elapsed = static_cast<double>(last_received_ - start_) / 1e9;
  return elapsed > 0 ? static_cast<double>(latencies_.count()) / elapsed : 0;
}

void Report::print_text() const {
  std::printf("requests %llu, errors %llu, rate %.0f/s (asked for %.0f/s)\n",
              static_cast<unsigned long long>(requests_), static_cast<unsigned long long>(errors()), achieved_rate(),
              rate_);
  for (int i = 1; i < error_count; ++i)
    if (errors_[i] > 0)
      std::printf("errors: %s %llu\n", error_name(static_cast<Error>(i)), static_cast<unsigned long long>(errors_[i]));
  for (int i = 0; i < version_count; ++i)
    if (versions_[i] > 0)
      std::printf("answered by %s: %llu\n", version_name(static_cast<Version>(i)),
                  static_cast<unsigned long long>(versions_[i]));
  print_latencies("latency:", latencies_);
  print_latencies("sent behind schedule:", lag_);
}

nlohmann::json Report::json() const {
  nlohmann::json kinds = nlohmann::json::object();
  for (int i = 1; i < error_count; ++i)
    kinds[error_name(static_cast<Error>(i))] = errors_[i];
  nlohmann::json versions;
  for (int i = 0; i < version_count; ++i)
    versions[version_name(static_cast<Version>(i))] = versions_[i];
  return {{"started_at", started_at_},
          {"rate", rate_},
          {"achieved_rate", achieved_rate()},
          {"requests", requests_},
          {"errors", errors()},
          {"error_kinds", kinds},
          {"versions", versions},
          {"latency_us", latencies_json(latencies_)},
          {"send_lag_us", latencies_json(lag_)}};
}

void Report::write_csv(const std::string &path) const {
  std::ofstream out(path);
  out << "time_s,requests,mean_us,max_us,by_1_0,by_1_1,by_1_2\n";
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step &step = steps_[i];
    if (step.requests == 0)
      continue;
    out << static_cast<double>(i * step_ns) / 1e9 << ',' << step.requests << ','
        << static_cast<double>(step.sum_ns) / step.requests / 1000 << ',' << static_cast<double>(step.max_ns) / 1000
        << ',' << step.versions[0] << ',' << step.versions[1] << ',' << step.versions[2] << '\n';
  }
  out.close();
  if (!out)
    throw std::runtime_error("cannot write " + path);
}

} // namespace netload
