#include "bench/servers/load/load.h"
#include "bench/servers/load/login.h"

#include <algorithm>
#include <arpa/inet.h>
#include <boost/coroutine2/coroutine.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wfp::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kRememberedFailures = 10;

std::int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

std::string excerpt(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 120)) {
    if (c == '\r' || c == '\n')
      shown += c == '\r' ? "\\r" : "\\n";
    else
      shown += c >= ' ' && c <= '~' ? c : '?'; // a report is JSON: no bytes that are not text
  }
  return shown;
}

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
    const std::string why = strerror(errno);
    if (fd >= 0)
      close(fd);
    throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(port) + ": " + why);
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

class Connection {
public:
  Connection(unsigned number, std::uint16_t port, std::unique_ptr<Conversation> conversation)
      : number_(number), port_(port), conversation_(std::move(conversation)), fd_(open_socket(port)) {}
  ~Connection() { close(fd_); }
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  int fd() const { return fd_; }
  bool logging_in() const { return login_.has_value(); }
  bool idle() const { return !waiting_ && !logging_in(); }
  bool dead() const { return dead_; }
  std::int64_t due() const { return due_; }
  std::deque<std::int64_t> &backlog() { return backlog_; }

  // Sends a request that fell due at `due`.
  void send_next(std::int64_t due, LoadReport &report) {
    due_ = due;
    waiting_ = true;
    answer_.clear();
    request_ = conversation_->next();
    ++report.requests;
    const ssize_t sent = send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size()))
      give_up(report, "send: " + std::string(sent < 0 ? strerror(errno) : "short"));
  }

  // Takes what has arrived; true once the outstanding request is answered as it must be.
  bool receive(LoadReport &report) {
    char buffer[16 * 1024];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return false;
    if (got <= 0) {
      give_up(report, got == 0 ? "the server closed the connection" : "recv: " + std::string(strerror(errno)));
      return false;
    }
    const std::size_t seen = answer_.size();
    answer_.append(buffer, static_cast<std::size_t>(got));
    const Progress progress = waiting_ ? conversation_->judge(answer_, seen) : Progress::kWrong;
    if (progress == Progress::kWrong) // what follows a wrong answer cannot be told apart from it
      give_up(report, "got \"" + excerpt(answer_) + "\" instead of \"" + excerpt(conversation_->wanted()) + "\"");
    waiting_ = progress != Progress::kComplete;
    return progress == Progress::kComplete;
  }

  bool must_reconnect() const { return conversation_->closes(); }
  void reconnect() {
    const std::string farewell = conversation_->farewell();
    send(fd_, farewell.data(), farewell.size(), MSG_NOSIGNAL); // nobody waits for what it brings about
    const int fd = open_socket(port_); // closing the old one also removes it from the epoll set
    close(fd_);
    fd_ = fd;
    log_in();
  }

  // Begins the login; it lasts until logging_in() is false.  It runs as a coroutine: what falls due on the other connections
  // meanwhile does not wait for it.
  void log_in() {
    due_ = now();
    request_ = "login";
    login_.emplace([this](Login::push_type &pause) { conversation_->greet(LoginChannel(fd_, [&pause] { pause(); })); });
    if (!*login_)
      login_.reset();
  }

  // Goes on with the login once something has arrived.
  void go_on() {
    if (!(*login_)())
      login_.reset();
  }

  // Waits for the login's end: while there is nothing else to do.
  void finish_login(double answer_timeout) {
    while (logging_in()) {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, static_cast<int>(answer_timeout * 1000)) == 0)
        throw std::runtime_error("login: no answer in time");
      go_on();
    }
  }

  void give_up(LoadReport &report, const std::string &why) {
    report.fail("connection " + std::to_string(number_) + ", \"" + excerpt(request_) + "\": " + why);
    dead_ = true;
  }

private:
  using Login = boost::coroutines2::coroutine<void>;

  unsigned number_;
  std::uint16_t port_;
  std::unique_ptr<Conversation> conversation_;
  int fd_;
  bool dead_ = false, waiting_ = false;
  std::int64_t due_ = 0;
  std::string request_, answer_;
  std::deque<std::int64_t> backlog_; // when the requests that wait for this connection fell due
  std::optional<Login::pull_type> login_;
};

class Load {
public:
  Load(const LoadOptions &options, const ConversationMaker &make, const volatile std::sig_atomic_t &stop)
      : options_(options), stop_(stop), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (unsigned i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(i, options.ports[i % options.ports.size()], make(i)));
      connections_[i]->log_in();
      connections_[i]->finish_login(options.answer_timeout);
      watch(i);
    }
  }
  ~Load() { close(epoll_); }

  LoadReport run() {
    report_ = {};
    issued_ = 0;
    begin_ = now();
    report_.recorded_from = begin_ + static_cast<std::int64_t>(options_.warm_up * kSecond);
    const auto end = begin_ + static_cast<std::int64_t>(options_.seconds * kSecond);
    std::int64_t next_sweep = begin_ + kSecond / 10;
    while (!stop_ && now() < end) {
      issue_due();
      collect();
      if (now() >= next_sweep) {
        next_sweep += kSecond / 10;
        sweep_timeouts();
      }
    }
    drain();
    report_.seconds = static_cast<double>(now() - begin_) / kSecond;
    return std::move(report_);
  }

private:
  void watch(unsigned index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[index]->fd(), &event);
  }

  // Request n falls due at begin + n / rate, on connection n modulo their number.
  std::int64_t due(std::uint64_t n) const {
    return begin_ + static_cast<std::int64_t>(static_cast<double>(n) * kSecond / options_.rate);
  }

  void issue_due() {
    const std::int64_t t = now();
    if (options_.rate <= 0) {
      for (auto &connection : connections_)
        if (connection->idle() && !connection->dead())
          connection->send_next(t, report_);
      return;
    }
    for (; due(issued_) <= t; ++issued_) {
      Connection &connection = *connections_[issued_ % connections_.size()];
      if (connection.dead())
        report_.fail("not sent: the connection had failed before");
      else if (connection.idle())
        connection.send_next(due(issued_), report_);
      else
        connection.backlog().push_back(due(issued_));
    }
  }

  // Waits for answers, never past the next due time.
  void collect() {
    timespec wait{0, 100'000};
    if (options_.spin)
      wait.tv_nsec = 0;
    else if (options_.rate > 0)
      wait.tv_nsec = std::clamp<std::int64_t>(due(issued_) - now(), 0, 1'000'000);
    epoll_event events[64];
    const int count = epoll_pwait2(epoll_, events, 64, &wait, nullptr);
    for (int i = 0; i < count; ++i)
      take_answer(events[i].data.u32);
  }

  void take_answer(unsigned index) {
    Connection &connection = *connections_[index];
    try {
      if (connection.logging_in()) {
        connection.go_on();
      } else if (connection.receive(report_)) {
        ++report_.answered;
        if (connection.due() >= report_.recorded_from)
          report_.record({now() - connection.due(), connection.due()}, options_.slowest);
        if (connection.must_reconnect())
          reconnect(index);
      }
    } catch (const std::runtime_error &error) {
      connection.give_up(report_, error.what());
    }
    if (connection.dead()) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), nullptr);
    } else if (connection.idle() && !connection.backlog().empty()) {
      const std::int64_t due = connection.backlog().front();
      connection.backlog().pop_front();
      connection.send_next(due, report_);
    }
  }

  void reconnect(unsigned index) {
    connections_[index]->reconnect();
    ++report_.reconnects;
    watch(index);
  }

  void sweep_timeouts() {
    const auto limit = static_cast<std::int64_t>(options_.answer_timeout * kSecond);
    for (auto &connection : connections_)
      if (!connection->dead() && !connection->idle() && now() - connection->due() > limit)
        connection->give_up(report_, "no answer in time");
  }

  // What was asked must be answered: waits for the outstanding requests, at most as long as an answer may take.
  void drain() {
    const auto end = now() + static_cast<std::int64_t>(options_.answer_timeout * kSecond);
    const auto outstanding = [&] {
      return std::any_of(connections_.begin(), connections_.end(),
                         [](const auto &c) { return !c->dead() && (!c->idle() || !c->backlog().empty()); });
    };
    while (outstanding() && now() < end)
      collect();
    for (auto &connection : connections_)
      if (!connection->dead() && !connection->idle())
        connection->give_up(report_, "never answered");
  }

  LoadOptions options_;
  const volatile std::sig_atomic_t &stop_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  LoadReport report_;
  std::int64_t begin_ = 0;
  std::uint64_t issued_ = 0;
};

} // namespace

// `slowest` is a heap whose first is the fastest of them.
void LoadReport::record(SlowRequest request, std::size_t slowest_kept) {
  latency.record(request.latency);
  if (slowest.size() == slowest_kept) {
    if (slowest_kept == 0 || !(request > slowest.front()))
      return;
    std::pop_heap(slowest.begin(), slowest.end(), std::greater<>());
    slowest.pop_back();
  }
  slowest.push_back(request);
  std::push_heap(slowest.begin(), slowest.end(), std::greater<>());
}

void LoadReport::fail(std::string why) {
  ++failed;
  if (failures.size() < kRememberedFailures)
    failures.push_back(std::move(why));
}

std::function<LoadReport()> connect_load(const LoadOptions &options, const ConversationMaker &make,
                                         const volatile std::sig_atomic_t &stop) {
  return [load = std::make_shared<Load>(options, make, stop)] { return load->run(); };
}

} // namespace wfp::bench
