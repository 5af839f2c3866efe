// A connection to the control thread of a process.
#pragma once

#include "control/errors.h"
#include "control/process_info.h"
#include "control/rows.h"

#include <chrono>

namespace wfp::control {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

// So many seconds from now; the command line allows a day at most.
Deadline deadline_in(double seconds);

// A file descriptor that closes itself.
class Descriptor {
public:
  Descriptor() = default;
  explicit Descriptor(int fd) : number(fd) {}
  Descriptor(Descriptor &&other) noexcept : number(other.number) { other.number = -1; }
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(number, other.number);
    return *this;
  }
  ~Descriptor();
  int get() const { return number; }
  explicit operator bool() const { return number >= 0; }

private:
  int number = -1;
};

// Every function throws Refused with a line for the operator, or NoAnswer when the deadline passes.
class Connection {
public:
  // Connects, makes sure that the socket is the process's own, and greets it (protocol version, permission).
  static Connection open(const ProcessInfo &process, Deadline deadline);

  // Sends one request, with a descriptor if `fd` >= 0, and gathers its reply without the final `end`.  An `error` reply
  // becomes Refused.
  std::vector<Row> request(const Row &row, Deadline deadline, int fd = -1);

private:
  Connection(ProcessInfo process, Descriptor socket) : process(std::move(process)), socket(std::move(socket)) {}
  void send(const Row &row, int fd, Deadline deadline);
  void receive(std::vector<Row> &rows, Deadline deadline);
  void greet(Deadline deadline);
  [[noreturn]] void refuse_closed() const;
  [[noreturn]] void refuse_silent(const char *what) const;

  ProcessInfo process;
  Descriptor socket;
  std::size_t received = 0; // bytes of the reply so far
};

// Calls `read`, which makes sense of a reply; what it finds malformed is refused in the name of the process.
template <typename Read> auto interpret(const ProcessInfo &process, Read read) {
  try {
    return read();
  } catch (const Malformed &error) {
    throw Refused(process.label() + " sent a " + error.what());
  }
}

} // namespace wfp::control
