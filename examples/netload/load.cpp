// The open loop.
//
// Request i is due at start + i / rate, whatever has become of the earlier ones, and its latency counts from then on:
// if the service (or the generator itself) stalls, every request that fell due meanwhile shows it.  A generator that
// waits for replies, or counts from when it got round to sending, would leave just those out ("coordinated omission").
//
// One thread does it all.  By default it never sleeps, so that its own wake-ups do not show as latency; it then needs a
// processor of its own.  Everything ends: the schedule after its seconds or at SIGTERM or SIGINT, the wait for late
// replies after drain_ns.
#include "load.h"

#include "clock.h"
#include "session.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <memory>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace netload {
namespace {

constexpr std::int64_t drain_ns = 3'000'000'000;
constexpr int send_batch = 64; // look for replies at least this often

volatile std::sig_atomic_t stop_requested = 0;

void stop_at_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

class Poller {
public:
  Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0)
      throw std::system_error(errno, std::system_category(), "epoll_create1");
  }
  ~Poller() { close(fd_); }
  Poller(const Poller &) = delete;
  Poller &operator=(const Poller &) = delete;

  void add(Session &session) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &session;
    if (epoll_ctl(fd_, EPOLL_CTL_ADD, session.fd(), &event) != 0)
      throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }

  void remove(Session &session) { epoll_ctl(fd_, EPOLL_CTL_DEL, session.fd(), nullptr); }

  // Lets the sessions receive what has come within `ns`.
  void wait(std::int64_t ns, Report &report) {
    epoll_event events[64];
    const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
    const int count = epoll_pwait2(fd_, events, 64, &timeout, nullptr);
    for (int i = 0; i < count; ++i) {
      auto &session = *static_cast<Session *>(events[i].data.ptr);
      session.receive(report);
      if (session.broken())
        remove(session);
    }
  }

private:
  int fd_;
};

void create(const std::string &path) {
  if (!std::ofstream(path))
    throw std::system_error(errno, std::system_category(), path);
}

bool any_outstanding(const std::vector<std::unique_ptr<Session>> &sessions) {
  for (const auto &session : sessions)
    if (session->outstanding() > 0)
      return true;
  return false;
}

} // namespace

Report run_load(const LoadOptions &options) {
  // Sleep as exactly as the kernel can.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  stop_at_signals();
  Poller poller;
  std::vector<std::unique_ptr<Session>> sessions;
  for (int i = 0; i < options.connections; ++i) {
    sessions.push_back(std::make_unique<Session>(i, options.port));
    poller.add(*sessions.back());
  }

  auto total = static_cast<std::uint64_t>(options.rate * options.seconds);
  const std::int64_t start = monotonic_ns() + 10'000'000;
  const auto due = [&](std::uint64_t i) {
    return start + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / options.rate);
  };
  Report report(start, options.rate, total);
  std::uint64_t next = 0;
  std::int64_t give_up = due(total) + drain_ns;
  bool all_sent = true;
  bool announced = options.ready_file.empty(), stopping = false;
  for (;;) {
    const std::int64_t now = monotonic_ns();
    // What was due before the signal is still sent, however late this thread is.
    if (stop_requested && !stopping) {
      stopping = true;
      const auto due_by_now = static_cast<std::uint64_t>(std::max(0.0, static_cast<double>(now - start) * options.rate / 1e9));
      total = std::min(total, std::max(next, due_by_now));
      give_up = now + drain_ns;
    }
    for (int i = 0; i < send_batch && next < total && due(next) <= now; ++i, ++next) {
      Session &session = *sessions[next % sessions.size()];
      if (session.broken())
        report.add_error(Error::Lost, "");
      else
        session.ask(due(next));
      all_sent = false;
    }
    if (!all_sent) {
      all_sent = true;
      for (auto &session : sessions)
        all_sent &= session->flush(monotonic_ns(), report);
    }
    if (next == total && (!any_outstanding(sessions) || now >= give_up))
      break;
    std::int64_t rest = 0;
    if (options.sleep && all_sent && next < total)
      rest = std::max<std::int64_t>(due(next) - monotonic_ns(), 0);
    else if (options.sleep)
      rest = 100'000;
    poller.wait(rest, report);
    if (!announced && report.replies() > 0) {
      create(options.ready_file);
      announced = true;
    }
  }
  for (auto &session : sessions)
    session->give_up(report);
  report.set_requests(total);
  return report;
}

} // namespace netload
