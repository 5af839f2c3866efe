// What was measured.
//
// Latencies go into a histogram with logarithmic bins of 0.5 %, from 1 us to 100 s; a percentile is given as the upper
// edge of its bin, so that it is never understated.  For the plot, requests are also grouped by their intended time in
// steps of 10 ms.
#pragma once

#include "workload.h"

#include <boost/histogram.hpp>

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace netload {

class Latencies {
public:
  void add(std::int64_t ns);
  std::uint64_t count() const { return count_; }
  double max_us() const { return static_cast<double>(max_ns_) / 1000; }
  double percentile_us(double percent) const;

private:
  using Axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using Storage = boost::histogram::dense_storage<std::uint64_t>;
  boost::histogram::histogram<std::tuple<Axis>, Storage> bins_{std::tuple{Axis{3694, 1.0, 1e8}}, Storage{}};
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

class Report {
public:
  static constexpr std::int64_t step_ns = 10'000'000;

  // From the first intended time on, for so many requests at so many a second.
  Report(std::int64_t start, double rate, std::uint64_t requests);

  void add_reply(std::int64_t intended, std::int64_t received, Version version);
  // How much later than intended a request was sent.
  void add_lag(std::int64_t ns) { lag_.add(ns); }
  std::uint64_t replies() const { return latencies_.count(); }
  // If the load was stopped early.
  void set_requests(std::uint64_t requests) { requests_ = requests; }
  // The first few are shown on standard error.
  void add_error(Error error, std::string_view line);

  std::uint64_t errors() const;
  void print_text() const;
  nlohmann::json json() const;
  // One row for each step.  Throws std::runtime_error.
  void write_csv(const std::string &path) const;

private:
  double achieved_rate() const;

  struct Step {
    std::uint32_t requests = 0;
    std::int64_t max_ns = 0, sum_ns = 0;
    std::array<std::uint32_t, version_count> versions{};
  };

  std::int64_t start_;
  double started_at_; // the same moment in seconds since 1970
  double rate_;
  std::uint64_t requests_;
  std::int64_t last_received_;
  Latencies latencies_, lag_;
  std::array<std::uint64_t, error_count> errors_{};
  std::array<std::uint64_t, version_count> versions_{};
  std::vector<Step> steps_;
};

} // namespace netload
