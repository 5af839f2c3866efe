// Load for a memcached on loopback that knows every answer.
//
// The question that the server benchmarks ask is not how fast memcached is but whether one request fails, stalls or is
// answered wrongly while its code changes.  So each connection owns its keys, remembers what it stored under each, and
// compares every answer byte by byte; a miss of a stored key is a failure too.
//
// Open loop: requests fall due at a fixed rate whether or not earlier ones were answered, and a latency counts from the
// time when its request was due.  A stall of 10 ms at 20,000 requests a second therefore shows as 200 late requests, not
// as one (coordinated omission).  --rate 0 is a closed loop, to find the capacity.
//
// One thread and epoll for all connections: on the machines that this is made for the server needs the other cores.
// Connections alternate between the two ports, so that with memcached's proxy half of all requests pass through it.
#include "bench/latency_histogram.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <memory>
#include <random>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using wfp::bench::LatencyHistogram;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kKeysPerConnection = 200;
constexpr std::size_t kMaxMultiget = 6;
constexpr std::size_t kRememberedFailures = 10;

volatile std::sig_atomic_t stop_requested = 0;

std::int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

struct Settings {
  std::vector<std::uint16_t> ports;
  unsigned connections = 16;
  double rate = 10'000;
  double seconds = 10;
  double answer_timeout = 5;
  std::string json;
};

struct Totals {
  LatencyHistogram latency;
  std::uint64_t sets = 0, gets = 0, multigets = 0;
  std::uint64_t failed = 0;
  std::vector<std::string> failures;

  void fail(std::string why) {
    ++failed;
    if (failures.size() < kRememberedFailures)
      failures.push_back(std::move(why));
  }
};

// What the server must answer is known when the request is made: the expected bytes are the whole check.
class Connection {
public:
  Connection(unsigned number, std::uint16_t port)
      : number_(number), random_(number), versions_(kKeysPerConnection, 0), fd_(open_socket(port)) {}
  ~Connection() { close(fd_); }
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  int fd() const { return fd_; }
  bool idle() const { return expected_.empty(); }
  bool dead() const { return dead_; }
  std::int64_t due() const { return due_; }
  std::deque<std::int64_t> &backlog() { return backlog_; }

  // Sends a request that fell due at `due`.  The first requests store every key once, so that all later reads must hit.
  void send_next(std::int64_t due, Totals &totals) {
    due_ = due;
    if (stored_ < kKeysPerConnection) {
      make_set(stored_++, totals);
    } else {
      const unsigned dice = random_() % 10;
      if (dice == 0)
        make_set(random_() % kKeysPerConnection, totals);
      else
        make_get(dice < 7 ? 1 : 2 + random_() % (kMaxMultiget - 1), totals);
    }
    const ssize_t sent = send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) {
      totals.fail(describe("send: " + std::string(sent < 0 ? strerror(errno) : "short")));
      dead_ = true;
    }
  }

  // Takes what has arrived; true once the outstanding request is answered as it must be.
  bool receive(Totals &totals) {
    char buffer[16 * 1024];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return false;
    if (got <= 0) {
      totals.fail(describe(got == 0 ? "the server closed the connection" : "recv: " + std::string(strerror(errno))));
      dead_ = true;
      return false;
    }
    answer_.append(buffer, static_cast<std::size_t>(got));
    if (!expected_.starts_with(answer_)) {
      // What follows a wrong answer cannot be told apart from it: give this connection up.
      totals.fail(describe("got \"" + excerpt(answer_) + "\" instead of \"" + excerpt(expected_) + "\""));
      dead_ = true;
      return false;
    }
    if (answer_.size() < expected_.size())
      return false;
    expected_.clear();
    return true;
  }

  std::string describe(const std::string &why) const {
    return "connection " + std::to_string(number_) + ", \"" + excerpt(request_) + "\": " + why;
  }
  void give_up() { dead_ = true; }

private:
  static int open_socket(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
      fprintf(stderr, "memcached-load: cannot connect to 127.0.0.1:%u: %s\n", port, strerror(errno));
      exit(1);
    }
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
  }

  static std::string excerpt(const std::string &text) {
    std::string shown;
    for (const char c : text.substr(0, 120)) {
      if (c == '\r' || c == '\n')
        shown += c == '\r' ? "\\r" : "\\n";
      else
        shown += c;
    }
    return shown;
  }

  std::string key(std::size_t i) const { return "load/" + std::to_string(number_) + "/" + std::to_string(i); }

  // Differs between keys and versions over its whole length, so that mixed-up or torn answers cannot go unnoticed.
  std::string value(std::size_t i) const {
    std::minstd_rand bytes(static_cast<unsigned>(number_ * 1'000'003 + i * 7919 + versions_[i] * 104'729 + 1));
    std::string text(20 + bytes() % 400, ' ');
    for (char &c : text)
      c = static_cast<char>('a' + bytes() % 26);
    return text;
  }

  void make_set(std::size_t i, Totals &totals) {
    ++versions_[i];
    const std::string data = value(i);
    request_ = "set " + key(i) + " 7 0 " + std::to_string(data.size()) + "\r\n" + data + "\r\n";
    expected_ = "STORED\r\n";
    answer_.clear();
    ++totals.sets;
  }

  void make_get(std::size_t keys, Totals &totals) {
    request_ = "get";
    expected_.clear();
    answer_.clear();
    for (std::size_t k = 0; k < keys; ++k) {
      const std::size_t i = random_() % kKeysPerConnection;
      const std::string data = value(i);
      request_ += " " + key(i);
      expected_ += "VALUE " + key(i) + " 7 " + std::to_string(data.size()) + "\r\n" + data + "\r\n";
    }
    request_ += "\r\n";
    expected_ += "END\r\n";
    ++(keys == 1 ? totals.gets : totals.multigets);
  }

  unsigned number_;
  std::minstd_rand random_;
  std::vector<unsigned> versions_;
  std::size_t stored_ = 0;
  int fd_;
  bool dead_ = false;
  std::int64_t due_ = 0;
  std::string request_, expected_, answer_;
  std::deque<std::int64_t> backlog_; // when the requests that wait for this connection fell due
};

class Load {
public:
  explicit Load(const Settings &settings) : settings_(settings), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (unsigned i = 0; i < settings.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(i, settings.ports[i % settings.ports.size()]));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i]->fd(), &event);
    }
  }
  ~Load() { close(epoll_); }

  void run() {
    begin_ = now();
    const auto end = begin_ + static_cast<std::int64_t>(settings_.seconds * kSecond);
    std::int64_t next_sweep = begin_ + kSecond / 10;
    while (!stop_requested && now() < end) {
      issue_due();
      collect();
      if (now() >= next_sweep) {
        next_sweep += kSecond / 10;
        sweep_timeouts();
      }
    }
    drain();
    seconds_ = static_cast<double>(now() - begin_) / kSecond;
  }

  nlohmann::json report() const {
    const auto micros = [&](double fraction) { return std::round(totals_.latency.quantile_us(fraction) * 10) / 10; };
    return {{"requests", totals_.sets + totals_.gets + totals_.multigets},
            {"answered", totals_.latency.count()},
            {"failed", totals_.failed},
            {"failures", totals_.failures},
            {"sets", totals_.sets},
            {"gets", totals_.gets},
            {"multigets", totals_.multigets},
            {"connections", settings_.connections},
            {"seconds", seconds_},
            {"rate", settings_.rate},
            {"p50_us", micros(0.5)},
            {"p99_us", micros(0.99)},
            {"p999_us", micros(0.999)},
            {"max_us", std::round(totals_.latency.max_us() * 10) / 10}};
  }
  bool clean() const { return totals_.failed == 0 && totals_.latency.count() > 0; }

private:
  void issue_due() {
    const std::int64_t t = now();
    if (settings_.rate <= 0) {
      for (auto &connection : connections_)
        if (connection->idle() && !connection->dead())
          connection->send_next(t, totals_);
      return;
    }
    // Request n falls due at begin + n / rate, on connection n modulo their number.
    for (;;) {
      const auto due = begin_ + static_cast<std::int64_t>(static_cast<double>(issued_) * kSecond / settings_.rate);
      if (due > t)
        return;
      Connection &connection = *connections_[issued_++ % connections_.size()];
      if (connection.dead())
        totals_.fail("not sent: the connection had failed before");
      else if (connection.idle())
        connection.send_next(due, totals_);
      else
        connection.backlog().push_back(due);
    }
  }

  void collect() {
    epoll_event events[64];
    // Never sleeps past the next due time; spinning instead would take the server's core.
    timespec wait{0, 100'000};
    if (settings_.rate > 0) {
      const auto due = begin_ + static_cast<std::int64_t>(static_cast<double>(issued_) * kSecond / settings_.rate);
      wait.tv_nsec = std::clamp<std::int64_t>(due - now(), 0, 1'000'000);
    }
    const int n = epoll_pwait2(epoll_, events, 64, &wait, nullptr);
    for (int i = 0; i < n; ++i)
      take_answer(*connections_[events[i].data.u32]);
  }

  void take_answer(Connection &connection) {
    if (!connection.receive(totals_)) {
      if (connection.dead())
        epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), nullptr);
      return;
    }
    totals_.latency.record(now() - connection.due());
    if (!connection.backlog().empty()) {
      const std::int64_t due = connection.backlog().front();
      connection.backlog().pop_front();
      connection.send_next(due, totals_);
    }
  }

  void sweep_timeouts() {
    const auto limit = static_cast<std::int64_t>(settings_.answer_timeout * kSecond);
    for (auto &connection : connections_)
      if (!connection->dead() && !connection->idle() && now() - connection->due() > limit) {
        totals_.fail(connection->describe("no answer in time"));
        connection->give_up();
      }
  }

  // What was asked must be answered: waits for the outstanding requests, at most as long as an answer may take.
  void drain() {
    const auto end = now() + static_cast<std::int64_t>(settings_.answer_timeout * kSecond);
    const auto outstanding = [&] {
      return std::any_of(connections_.begin(), connections_.end(),
                         [](const auto &c) { return !c->dead() && (!c->idle() || !c->backlog().empty()); });
    };
    while (outstanding() && now() < end)
      collect();
    for (auto &connection : connections_)
      if (!connection->dead() && !connection->idle())
        totals_.fail(connection->describe("never answered"));
  }

  Settings settings_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Totals totals_;
  std::int64_t begin_ = 0;
  std::uint64_t issued_ = 0;
  double seconds_ = 0;
};

} // namespace

int main(int argc, char **argv) {
  Settings settings;
  CLI::App app{"Loads a memcached on 127.0.0.1 and checks every answer; ends at once, with its report, on SIGTERM"};
  app.add_option("--port", settings.ports, "port to connect to; connections alternate between several")->required();
  app.add_option("--connections", settings.connections)->check(CLI::Range(1, 10'000));
  app.add_option("--rate", settings.rate, "requests per second in all; 0: as fast as answers come");
  app.add_option("--seconds", settings.seconds);
  app.add_option("--json", settings.json, "file for the report; standard output if not given");
  CLI11_PARSE(app, argc, argv);

  std::signal(SIGTERM, [](int) { stop_requested = 1; });
  std::signal(SIGINT, [](int) { stop_requested = 1; });
  Load load(settings);
  load.run();
  const std::string report = load.report().dump(2) + "\n";
  if (settings.json.empty())
    fputs(report.c_str(), stdout);
  else if (!(std::ofstream(settings.json) << report).flush()) {
    fprintf(stderr, "memcached-load: cannot write %s\n", settings.json.c_str());
    return 1;
  }
  return load.clean() ? 0 : 1;
}
