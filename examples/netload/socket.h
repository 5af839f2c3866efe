// A connected TCP socket on the loopback interface that closes itself.
#pragma once

#include <utility>

namespace netload {

class Socket {
public:
  // Throws std::system_error.
  static Socket connect_loopback(int port);

  Socket(Socket &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket &operator=(Socket &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();

  int fd() const { return fd_; }
  void set_nonblocking() const;

private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_;
};

} // namespace netload
