#include "session.h"

#include "clock.h"

#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>

namespace netload {

Session::Session(int number, int port) : workload_(number), socket_(Socket::connect_loopback(port)) {
  fill_keys();
  socket_.set_nonblocking();
}

void Session::fill_keys() {
  for (int key = 0; key < Workload::key_count; ++key) {
    const Question question = workload_.fill(key);
    std::string line;
    workload_.write(question, line);
    if (send(fd(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
      throw std::system_error(errno, std::system_category(), "cannot fill the service");
    std::string reply;
    while (!reply.ends_with('\n')) {
      char bytes[4096];
      const ssize_t count = recv(fd(), bytes, sizeof bytes, 0);
      if (count <= 0)
        throw std::system_error(count < 0 ? errno : ECONNRESET, std::system_category(), "cannot fill the service");
      reply.append(bytes, static_cast<std::size_t>(count));
    }
    reply.pop_back();
    Version version;
    if (const Error error = workload_.check(question, reply, version); error != Error::None)
      throw std::runtime_error(std::string("cannot fill the service: ") + error_name(error) + " reply '" + reply + "'");
  }
}

void Session::ask(std::int64_t intended) {
  questions_.push_back(workload_.next(intended));
  workload_.write(questions_.back(), out_);
  ++unsent_questions_;
}

void Session::fail(Report &report) {
  broken_ = true;
  give_up(report);
}

bool Session::flush(std::int64_t now, Report &report) {
  if (broken_ || out_.empty())
    return true;
  const ssize_t count = send(fd(), out_.data(), out_.size(), MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    fail(report);
    return true;
  }
  if (count > 0)
    out_.erase(0, static_cast<std::size_t>(count));
  if (!out_.empty())
    return false;
  for (; unsent_questions_ > 0; --unsent_questions_)
    report.add_lag(now - questions_[questions_.size() - unsent_questions_].intended);
  return true;
}

void Session::receive(Report &report) {
  char bytes[64 * 1024];
  const ssize_t count = recv(fd(), bytes, sizeof bytes, 0);
  const std::int64_t now = monotonic_ns();
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (count <= 0) {
    fail(report);
    return;
  }
  in_.append(bytes, static_cast<std::size_t>(count));
  take_lines(now, report);
}

void Session::take_lines(std::int64_t now, Report &report) {
  std::string_view rest = in_;
  for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
    const std::string_view line = rest.substr(0, end);
    if (questions_.empty()) {
      report.add_error(Error::Order, line);
      continue;
    }
    const Question question = questions_.front();
    questions_.pop_front();
    Version version{};
    if (const Error error = workload_.check(question, line, version); error != Error::None)
      report.add_error(error, line);
    else
      report.add_reply(question.intended, now, version);
  }
  in_.erase(0, in_.size() - rest.size());
}

void Session::give_up(Report &report) {
  for (; !questions_.empty(); questions_.pop_front())
    report.add_error(Error::Lost, "");
  unsent_questions_ = 0;
  out_.clear();
}

} // namespace netload
