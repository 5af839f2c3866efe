// The socket is abstract: no file that could go stale, no directory to agree on, gone with the process.  Three things
// follow and are dealt with here:
//
// - Abstract names belong to a network namespace, and the process names its socket by the PID that it knows of itself.
//   We create our socket in the target's network namespace.  Only the socket need live there, so a thread that ends
//   right away enters it, and only if it is another one than ours: entering needs privileges, the usual case must not.
// - Anybody may bind any abstract name.  SO_PEERCRED says, in our PID namespace, who called listen(); a socket of
//   another process than the one asked for is refused, before anything is sent.
// - The process may be stopped, or its control thread busy: every wait has the caller's deadline.
//
// One request is in flight at a time.  The update travels as an open descriptor, so the process needs no access to our
// file system.  If we are killed at any point the process sees a closed socket and carries on.
#include "control/client.h"

#include "control/errors.h"
#include "format/protocol.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <thread>

namespace wfp::control {

Descriptor::~Descriptor() {
  if (number >= 0)
    ::close(number);
}

Deadline deadline_in(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

namespace {

// A reply longer than this is a process gone mad: 5,000 threads take about 0.5 MB.
constexpr std::size_t kMaxReplyBytes = 8u << 20;

// A process that ends closes its descriptors, and with them our connection, somewhat before it is gone.
constexpr double kSecondsToEnd = 0.1;

std::string error_text(int number) { return std::generic_category().message(number); }

// Milliseconds until the deadline for poll(), rounded up so that we do not spin at the end.
int remaining_ms(Deadline deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1 << 30));
}

int make_socket() { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }

Descriptor socket_near(const ProcessInfo &process) {
  const std::string pid = std::to_string(process.pid);
  const std::string theirs = network_namespace(pid);
  if (theirs.empty() || theirs == network_namespace("self")) {
    Descriptor socket(make_socket());
    if (!socket)
      throw Refused("cannot create a socket: " + error_text(errno));
    return socket;
  }
  Descriptor space(::open(("/proc/" + pid + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  int error = space ? 0 : errno;
  int fd = -1;
  if (space)
    std::thread([&] {
      if (::setns(space.get(), CLONE_NEWNET) != 0 || (fd = make_socket()) < 0)
        error = errno;
    }).join();
  if (fd < 0)
    throw Refused(process.label() + " is in another network namespace, which cannot be entered: " + error_text(error) +
                  " (that needs root)");
  return Descriptor(fd);
}

void set_send_timeout(int fd, Deadline deadline) {
  // Also bounds connect() while the backlog is full.  Zero would mean for ever.
  int ms = std::max(1, remaining_ms(deadline));
  timeval limit = {ms / 1000, ms % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

void check_peer(const ProcessInfo &process, int fd) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    throw Refused(process.label() + ": cannot tell who owns its socket: " + error_text(errno));
  if (peer.pid != process.pid)
    throw Refused("the control socket of " + process.label() + " belongs to " +
                  (peer.pid ? "process " + std::to_string(peer.pid) : "a process that is not visible here") +
                  ": not trusted");
}

} // namespace

void Connection::refuse_closed() const {
  if (uid_t self = ::geteuid(); self != 0 && self != process.uid)
    throw Refused(process.label() + " belongs to user " + user_name(process.uid) +
                  ": permission denied (only that user and root may control it)");
  for (const Deadline deadline = deadline_in(kSecondsToEnd); Clock::now() < deadline;
       std::this_thread::sleep_for(std::chrono::milliseconds(1)))
    if (!try_describe_process(process.pid))
      throw Refused(process.label() + " has ended");
  throw Refused(process.label() + " closed the connection without an answer (it is ending, or not dumpable and "
                                  "then accepts root only)");
}

void Connection::refuse_silent(const char *what) const {
  std::string reason = process.label() + " did not " + what + " in time";
  if (auto now = try_describe_process(process.pid); now && (now->state == 'T' || now->state == 't'))
    reason += now->state == 'T' ? ": it is stopped" : ": a debugger has stopped it";
  throw NoAnswer(reason);
}

Connection Connection::open(const ProcessInfo &process, Deadline deadline) {
  Connection connection(process, socket_near(process));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = format::kSocketPrefix + std::to_string(process.innermost_pid);
  std::memcpy(address.sun_path + 1, name.data(), name.size()); // byte 0 stays NUL: abstract
  const socklen_t size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());

  set_send_timeout(connection.socket.get(), deadline);
  if (::connect(connection.socket.get(), reinterpret_cast<const sockaddr *>(&address), size) != 0) {
    if (errno == EAGAIN || errno == EINPROGRESS)
      connection.refuse_silent("accept a connection");
    if (errno != ECONNREFUSED && errno != ENOENT)
      throw Refused("cannot connect to " + process.label() + ": " + error_text(errno));
    if (network_namespace(std::to_string(process.pid)).empty() && ::geteuid() != 0)
      throw NoRuntime("no connection to " + process.label() +
                    ": it is not running the wfpatch runtime, or it belongs to user " + user_name(process.uid) +
                    " and is out of reach (try as root)");
    throw NoRuntime(process.label() + " is not running the wfpatch runtime");
  }
  check_peer(process, connection.socket.get());
  connection.greet(deadline);
  return connection;
}

void Connection::greet(Deadline deadline) {
  std::vector<Row> reply = request(Row{"hello", {}}, deadline);
  interpret(process, [&] {
    if (reply.empty() || reply.front().kind != "hello")
      throw Malformed("no greeting");
    if (std::uint64_t version = reply.front().required_number("protocol"); version != format::kProtocolVersion)
      throw Refused(process.label() + " speaks protocol " + std::to_string(version) + " (runtime " +
                    reply.front().text("version") + "), this command speaks " +
                    std::to_string(format::kProtocolVersion));
  });
}

std::vector<Row> Connection::request(const Row &row, Deadline deadline, int fd) {
  send(row, fd, deadline);
  std::vector<Row> rows;
  received = 0;
  auto is_last = [](const Row &reply) { return reply.kind == "end" || reply.kind == "error"; };
  interpret(process, [&] {
    std::size_t known = 0;
    do {
      known = rows.size();
      receive(rows, deadline);
    } while (std::none_of(rows.begin() + static_cast<std::ptrdiff_t>(known), rows.end(), is_last));
    if (std::find_if(rows.begin(), rows.end(), is_last) + 1 != rows.end())
      throw Malformed("rows after the last one");
  });
  if (rows.back().kind == "error") {
    std::string message = rows.back().text("message");
    throw Refused(process.label() + ": " + (message.empty() ? "refused without a reason" : message));
  }
  rows.pop_back();
  return rows;
}

void Connection::send(const Row &row, int fd, Deadline deadline) {
  std::string text = encode(row);
  if (text.size() > format::kMaxRequestBytes)
    throw Refused("the request is too long: " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(format::kMaxRequestBytes));
  iovec part = {text.data(), text.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(int));
  }
  set_send_timeout(socket.get(), deadline);
  ssize_t sent;
  do
    sent = ::sendmsg(socket.get(), &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return;
  if (errno == EAGAIN)
    refuse_silent("take the request");
  if (errno == EPIPE || errno == ECONNRESET)
    return; // shut out; receive() finds the reason that was given, if any
  throw Refused("cannot send to " + process.label() + ": " + error_text(errno));
}

void Connection::receive(std::vector<Row> &rows, Deadline deadline) {
  pollfd wait = {socket.get(), POLLIN, 0};
  int ready;
  do
    ready = ::poll(&wait, 1, remaining_ms(deadline));
  while (ready < 0 && errno == EINTR);
  if (ready == 0)
    refuse_silent("answer");

  std::string packet(format::kMaxPacketBytes, '\0');
  // MSG_TRUNC: the length that was sent, even if it did not fit.
  auto read_packet = [&] { return ::recv(socket.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC); };
  ssize_t length = read_packet();
  if (length < 0 && errno == ECONNRESET)
    length = read_packet(); // closed with our request unread; the reason may still be in the queue behind that error
  if (length == 0 || (length < 0 && errno == ECONNRESET))
    refuse_closed();
  if (length < 0) {
    if (errno == EAGAIN || errno == EINTR)
      return;
    throw Refused("cannot read from " + process.label() + ": " + error_text(errno));
  }
  if (static_cast<std::size_t>(length) > packet.size())
    throw Malformed("a packet of " + std::to_string(length) + " bytes");
  packet.resize(static_cast<std::size_t>(length));
  received += packet.size();
  if (received > kMaxReplyBytes)
    throw Malformed("it does not end");
  decode(packet, rows);
}

} // namespace wfp::control
