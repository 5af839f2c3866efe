#include "runtime/src/protocol.h"

#include "runtime/src/base/sys.h"

#include <cstring>
#include <sys/socket.h>

namespace wfp {

namespace {

// Undoes the escapes of one value in place.
void unescape(char *text) {
  char *to = text;
  for (char *from = text; *from; ++from) {
    if (*from == '\\' && from[1]) {
      ++from;
      *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
    } else {
      *to++ = *from;
    }
  }
  *to = '\0';
}

void append_escaped(TextSink &sink, const char *value) {
  for (; *value; ++value) {
    switch (*value) {
    case '\\': sink << "\\\\"; break;
    case '\t': sink << "\\t"; break;
    case '\n': sink << "\\n"; break;
    default: sink << *value;
    }
  }
}

// No row is longer than this: a message, names and numbers.
constexpr std::size_t kLongestRow = 4096;

} // namespace

const char *Request::value(const char *name, const char *otherwise) const {
  for (std::size_t i = 0; i < count; ++i)
    if (std::strcmp(fields[i].name, name) == 0)
      return fields[i].value;
  return otherwise;
}

bool parse_request(char *text, std::size_t size, Request &request, Message &why) {
  if (size == 0 || text[size - 1] != '\n' || std::memchr(text, '\0', size) ||
      std::memchr(text, '\n', size - 1)) {
    why << "not a request: one row of text is expected";
    return false;
  }
  text[size - 1] = '\0';
  request.kind = text;
  char *tab = std::strchr(text, '\t');
  if (tab)
    *tab = '\0';
  while (tab) {
    char *name = tab + 1;
    tab = std::strchr(name, '\t');
    if (tab)
      *tab = '\0';
    char *equals = std::strchr(name, '=');
    if (!equals || request.count == Request::kMaxFields) {
      why << (equals ? "a request with too many fields" : "a field without '='");
      return false;
    }
    *equals = '\0';
    unescape(equals + 1);
    request.fields[request.count++] = {name, equals + 1};
  }
  return true;
}

Reply &Reply::row(const char *kind) {
  sink_ << kind;
  return *this;
}

Reply &Reply::field(const char *name, const char *value) {
  sink_ << '\t' << name << '=';
  append_escaped(sink_, value);
  return *this;
}

Reply &Reply::field(const char *name, unsigned long long value) {
  sink_ << '\t' << name << '=' << value;
  return *this;
}

void Reply::end_row() {
  sink_ << '\n';
  if (sink_.size() + kLongestRow > sizeof(buffer_))
    flush();
}

void Reply::flush() {
  if (sink_.size() == 0)
    return;
  // Blocks for the socket's send time-out at most, once: a client that does not read loses its reply.
  if (!failed_ && socket_ >= 0)
    failed_ = sys::failed(sys::call(SYS_sendto, socket_, sink_.c_str(), sink_.size(), MSG_NOSIGNAL, nullptr, 0));
  sink_.clear();
}

} // namespace wfp
