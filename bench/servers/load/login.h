// What protocols with numbers of fixed width and a login before the first request share.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace wfp::bench {

inline std::string little_endian(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i)
    text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

inline std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// The connection during a login: one question after the other.  While an answer is not there, wait() goes on with
// something else, and returns once there may be more.  Throws std::runtime_error.
class LoginChannel {
public:
  LoginChannel(int fd, std::function<void()> wait) : fd_(fd), wait_(std::move(wait)) {}

  void send(const std::string &bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("the server took no login");
  }

  std::string read(std::size_t size) const {
    std::string bytes(size, '\0');
    for (std::size_t have = 0; have < size;) {
      const ssize_t got = recv(fd_, bytes.data() + have, size - have, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_();
        continue;
      }
      if (got <= 0)
        throw std::runtime_error(got == 0 ? "the server ended the login" : "login: " + std::string(strerror(errno)));
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

private:
  int fd_;
  std::function<void()> wait_;
};

} // namespace wfp::bench
