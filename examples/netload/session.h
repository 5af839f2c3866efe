// One connection of the load: requests go out in order, replies come back in order.
#pragma once

#include "report.h"
#include "socket.h"
#include "workload.h"

#include <cstdint>
#include <deque>
#include <string>

namespace netload {

class Session {
public:
  // Connects and fills the connection's keys, waiting for each reply.  Throws std::system_error or std::runtime_error.
  Session(int number, int port);

  int fd() const { return socket_.fd(); }
  std::size_t outstanding() const { return questions_.size(); }
  bool broken() const { return broken_; }

  // Queues the next request of the mix.
  void ask(std::int64_t intended);
  // Sends what is queued, as far as the socket takes it.  False if some is left.
  bool flush(std::int64_t now, Report &report);
  // Reads what has come, checks it and hands it to the report.
  void receive(Report &report);
  // Counts what has not been answered.
  void give_up(Report &report);

private:
  void fill_keys();
  void take_lines(std::int64_t now, Report &report);
  void fail(Report &report);

  Workload workload_;
  Socket socket_;
  std::string out_;
  std::string in_;
  std::deque<Question> questions_;
  std::size_t unsent_questions_ = 0; // of them, how many have not been handed to the kernel
  bool broken_ = false;
};

} // namespace netload
