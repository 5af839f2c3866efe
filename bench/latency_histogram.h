// Latencies in logarithmic bins of 0.5 %, from 100 ns to 100 s: Boost.Histogram with the quantiles that reports need.  A
// quantile is given as the upper edge of its bin, so that it is never understated.
#pragma once

#include <boost/histogram.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>

namespace wfp::bench {

class LatencyHistogram {
public:
  void record(std::int64_t nanoseconds) {
    bins_(static_cast<double>(nanoseconds) / 1000);
    ++count_;
    max_ = std::max(max_, nanoseconds);
  }

  std::uint64_t count() const { return count_; }
  double max_us() const { return static_cast<double>(max_) / 1000; }

  // The latency in microseconds that the given fraction of all requests did not exceed.
  double quantile_us(double fraction) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * fraction));
    std::uint64_t seen = 0;
    for (auto &&bin : boost::histogram::indexed(bins_, boost::histogram::coverage::all)) {
      seen += *bin;
      if (seen > 0 && seen >= rank)
        return std::min(bin.bin().upper(), max_us());
    }
    return 0;
  }

  // Calls visit(upper edge in microseconds, count) for each bin that is not empty, in order: to add up runs elsewhere.
  template <typename Visit> void for_each_bin(Visit visit) const {
    for (auto &&bin : boost::histogram::indexed(bins_, boost::histogram::coverage::all))
      if (*bin)
        visit(std::min(bin.bin().upper(), max_us()), *bin);
  }

private:
  using Axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using Storage = boost::histogram::dense_storage<std::uint64_t>;
  boost::histogram::histogram<std::tuple<Axis>, Storage> bins_{std::tuple{Axis{4155, 0.1, 1e8}}, Storage{}};
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

} // namespace wfp::bench
