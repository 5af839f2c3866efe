// The protocol, both ways: the runtime's side gets the input as a request on a socket, with a descriptor of a file that is no
// update; the command's side gets it as the reply to each of its questions.
#include "control/errors.h"
#include "control/replies.h"
#include "runtime/src/requests.h"
#include "test/fuzz/support.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

using namespace wfp;

bool send_with_descriptor(int socket, const std::uint8_t *data, std::size_t size, int descriptor) {
  iovec part{const_cast<std::uint8_t *>(data), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

void as_request(const std::uint8_t *data, std::size_t size) {
  static const fuzz::InputFile no_update(reinterpret_cast<const std::uint8_t *>("text"), 4);
  static const int file = dup(no_update.descriptor());
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    std::abort();
  if (send_with_descriptor(ends[0], data, size, file)) {
    (void)serve_request(ends[1]);
    char answer[1 << 16];
    if (size != 0 && recv(ends[0], answer, sizeof answer, MSG_DONTWAIT) <= 0)
      std::abort(); // every request has an answer
  }
  close(ends[0]);
  close(ends[1]);
}

void as_reply(const std::uint8_t *data, std::size_t size) {
  try {
    std::vector<control::Row> rows;
    control::decode({reinterpret_cast<const char *>(data), size}, rows);
    std::string text;
    for (const control::Row &row : rows)
      text += control::encode(row);
    if (text != std::string_view(reinterpret_cast<const char *>(data), size))
      std::abort(); // decode() takes exactly what encode() writes
    try {
      (void)control::parse_applied(rows);
    } catch (const control::Malformed &) {
    }
    (void)control::to_json(control::parse_status(rows, {}));
  } catch (const control::Malformed &) {
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  as_request(data, size);
  as_reply(data, size);
  return 0;
}
