// The C API for programs that update themselves: a client of the process's own control thread, so that there is one way in.
// Application threads; ordinary libc.

#include "wfpatch/wfpatch.h"

#include "format/protocol.h"
#include "runtime/src/api.h"
#include "runtime/src/log.h"
#include "runtime/src/park.h"
#include "runtime/src/poll.h"
#include "runtime/src/publication.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WFP_EXPORT extern "C" __attribute__((visibility("default")))

using namespace wfp;

namespace {

class Descriptor {
public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() {
    if (number_ >= 0)
      close(number_);
  }
  int number() const { return number_; }

private:
  int number_;
};

int connect_to_self() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  int length = std::snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s%d", format::kSocketPrefix, getpid());
  int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (client < 0)
    return -1;
  if (connect(client, reinterpret_cast<sockaddr *>(&address),
              static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length)) == 0)
    return client;
  close(client);
  return -1;
}

// A signal whose handler does not restart calls must not make an answer look lost: the request may have been fulfilled.
template <typename Call> ssize_t uninterrupted(Call call) {
  ssize_t result;
  do
    result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

bool send_request(int client, const char *text, std::size_t size, int file) {
  iovec part{const_cast<char *>(text), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (file >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &file, sizeof(int));
  }
  return uninterrupted([&] { return sendmsg(client, &message, MSG_NOSIGNAL); }) == static_cast<ssize_t>(size);
}

void copy_out(char *to, std::size_t size, const char *text, std::size_t length) {
  if (!size)
    return;
  if (length > size - 1)
    length = size - 1;
  std::memcpy(to, text, length);
  to[length] = '\0';
}

int say(char *message, std::size_t size, const char *text) {
  copy_out(message, size, text, std::strlen(text));
  return 1;
}

// Appends NAME=value with the protocol's escapes; false when it does not fit.
bool add_field(char *request, std::size_t capacity, const char *name, const char *value) {
  TextSink sink(request + std::strlen(request), capacity - std::strlen(request));
  sink << '\t' << name << '=';
  for (; *value; ++value) {
    if (*value == '\\' || *value == '\t' || *value == '\n')
      sink << '\\' << (*value == '\t' ? 't' : *value == '\n' ? 'n' : '\\');
    else
      sink << *value;
  }
  return !sink.truncated();
}

int command(const char *request, int file, char *message, std::size_t size) {
  Descriptor client(connect_to_self());
  if (client.number() < 0 || !send_request(client.number(), request, std::strlen(request), file))
    return say(message, size, "the runtime does not answer in this process");
  char reply[8192];
  ssize_t length = uninterrupted([&] { return recv(client.number(), reply, sizeof(reply) - 1, 0); });
  if (length <= 0)
    return say(message, size, "the runtime did not answer");
  reply[length] = '\0';
  if (std::strncmp(reply, "applied\t", 8) == 0) {
    copy_out(message, size, "", 0);
    return 0;
  }
  const char *text = std::strstr(reply, "message=");
  const char *begin = text ? text + 8 : reply;
  copy_out(message, size, begin, std::strcspn(begin, "\t\n"));
  return 1;
}

// The packets of one reply, one after the other; 0 when the reply breaks off.
std::size_t collect(int client, char *packet, char *text, std::size_t size) {
  std::size_t total = 0;
  for (;;) {
    ssize_t length = uninterrupted([&] { return recv(client, packet, format::kMaxPacketBytes, 0); });
    if (length <= 0)
      return 0;
    if (total < size)
      copy_out(text + total, size - total, packet, static_cast<std::size_t>(length));
    total += static_cast<std::size_t>(length);
    if (length >= 4 && std::memcmp(packet + length - 4, "end\n", 4) == 0)
      return total;
  }
}

} // namespace

WFP_EXPORT int wfp_apply(const char *path, char *message, std::size_t size) {
  Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    char text[512];
    std::snprintf(text, sizeof(text), "%s: %s", path, std::strerror(errno));
    return say(message, size, text);
  }
  char request[4096] = "apply";
  const char *slash = std::strrchr(path, '/');
  if (!add_field(request, sizeof(request) - 1, "file", slash ? slash + 1 : path))
    return say(message, size, "the file's name is too long");
  std::strcat(request, "\n");
  return command(request, file.number(), message, size);
}

// WFPATCH_UPDATES: every .wfp of a folder, in the order of their names.
void wfp::apply_folder(const char *folder) {
  dirent **entries;
  int count = scandir(
      folder, &entries,
      [](const dirent *entry) {
        const char *end = std::strrchr(entry->d_name, '.');
        return static_cast<int>(end && std::strcmp(end, ".wfp") == 0);
      },
      alphasort);
  if (count < 0) {
    log_event("WFPATCH_UPDATES cannot be read: ", folder);
    return;
  }
  for (int i = 0; i < count; ++i) {
    char path[4096], why[1024];
    std::snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
    if (wfp_apply(path, why, sizeof(why)) != 0)
      log_event("WFPATCH_UPDATES: ", why);
    std::free(entries[i]);
  }
  std::free(entries);
}

WFP_EXPORT int wfp_revert(const char *update, char *message, std::size_t size) {
  char request[4096] = "revert";
  if (update && !add_field(request, sizeof(request) - 1, "update", update))
    return say(message, size, "the update's name is too long");
  std::strcat(request, "\n");
  return command(request, -1, message, size);
}

WFP_EXPORT std::size_t wfp_status(char *text, std::size_t size) {
  Descriptor client(connect_to_self());
  if (client.number() < 0 || !send_request(client.number(), "status\n", 7, -1))
    return 0;
  auto *packet = static_cast<char *>(std::malloc(format::kMaxPacketBytes));
  if (!packet)
    return 0;
  std::size_t needed = collect(client.number(), packet, text, size);
  std::free(packet);
  return needed;
}

WFP_EXPORT unsigned long wfp_published_view() {
  return published.load(std::memory_order_acquire)->number;
}

WFP_EXPORT void *wfp_park_begin() { return wfp_park_for_caller(__builtin_frame_address(0)); }
WFP_EXPORT void wfp_park_end(void *token) { wfp_unpark(static_cast<WfpThread *>(token)); }

// Called by code that the plugin has not compiled; the plugin puts a check inline instead.
WFP_EXPORT void wfp_quiescence_point() {
  if (wfp_pending.load(std::memory_order_relaxed))
    wfp_poll_slow(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) + sizeof(std::uintptr_t), 1, 0);
}
