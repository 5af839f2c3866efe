#include "socket.h"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace netload {

Socket Socket::connect_loopback(int port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket.fd_ < 0 || connect(socket.fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::system_category(), "cannot connect to 127.0.0.1:" + std::to_string(port));
  const int yes = 1;
  setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

Socket::~Socket() {
  if (fd_ >= 0)
    close(fd_);
}

void Socket::set_nonblocking() const { fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK); }

} // namespace netload
