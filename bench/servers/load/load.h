// The open loop: requests fall due at a fixed rate whether or not earlier ones were answered.
//
// A latency counts from the time when its request was due.  A stall of 10 ms at 20,000 requests a second therefore
// shows as 200 late requests, not as one (coordinated omission).  Rate 0 is a closed loop, to find the capacity.
//
// One thread and epoll for all connections: on the machines that this is made for the server needs the other cores.  A login
// is a coroutine in it, so that only what falls due on its own connection waits for it.
#pragma once

#include "bench/latency_histogram.h"
#include "bench/servers/load/conversation.h"

#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace wfp::bench {

struct LoadOptions {
  std::vector<std::uint16_t> ports; // on 127.0.0.1; connections alternate between them
  unsigned connections = 16;
  double rate = 10'000; // requests per second in all; 0: as fast as answers come
  double seconds = 10;
  double warm_up = 0;        // the first seconds, whose latencies are left out
  double answer_timeout = 5; // seconds
  bool spin = false;         // never sleep: needs a processor of its own, and leaves wake-ups out of the latencies
  std::size_t slowest = 0;   // of how many of the slowest requests to keep when they fell due
};

struct SlowRequest {
  std::int64_t latency, due; // nanoseconds; the latter on CLOCK_MONOTONIC
  bool operator>(const SlowRequest &other) const { return latency > other.latency; }
};

struct LoadReport {
  LatencyHistogram latency;         // of the requests that fell due after the warm-up
  std::vector<SlowRequest> slowest; // in no order
  std::int64_t recorded_from = 0;   // the warm-up's end, in nanoseconds on CLOCK_MONOTONIC
  std::uint64_t requests = 0, answered = 0, failed = 0, reconnects = 0;
  std::vector<std::string> failures; // the first few
  double seconds = 0;

  void record(SlowRequest request, std::size_t slowest_kept);
  void fail(std::string why);
};

// Connects; throws std::runtime_error if the server cannot be reached.  Each call of what it returns loads the server over these
// connections until the time is over or `stop` is set, then waits for what is outstanding; later failures are counted.
std::function<LoadReport()> connect_load(const LoadOptions &options, const ConversationMaker &make,
                                         const volatile std::sig_atomic_t &stop);

} // namespace wfp::bench
