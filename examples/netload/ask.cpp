#include "ask.h"

#include "clock.h"
#include "protocol.h"
#include "socket.h"

#include <cerrno>
#include <cstdio>
#include <sys/socket.h>
#include <system_error>

namespace netload {

int ask(int port, const std::string &request) {
  const Socket socket = Socket::connect_loopback(port);
  const auto space = request.find(' ');
  const std::string verb = request.substr(0, space);
  const auto nonce = static_cast<std::uint64_t>(monotonic_ns());
  const std::string rest = space == request.npos ? "" : request.substr(space);
  const std::string line = verb + " " + std::to_string(nonce) + rest + "\n";
  if (send(socket.fd(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    throw std::system_error(errno, std::system_category(), "cannot send");
  std::string answer;
  while (!answer.ends_with('\n')) {
    char bytes[4096];
    const ssize_t count = recv(socket.fd(), bytes, sizeof bytes, 0);
    if (count <= 0)
      throw std::system_error(count < 0 ? errno : ECONNRESET, std::system_category(), "no answer");
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  answer.pop_back();
  const auto reply = parse_reply(answer);
  const auto version = reply && reply->nonce == nonce ? version_of(*reply, verb) : std::nullopt;
  if (!version) {
    std::printf("damaged or mixed: %s\n", answer.c_str());
    return 1;
  }
  std::printf("%s: %.*s\n", version_name(*version), static_cast<int>(reply->body.size()), reply->body.data());
  return reply->body.starts_with("OK") ? 0 : 1;
}

} // namespace netload
