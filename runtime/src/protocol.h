// Rows and packets (format/protocol.h), on the control thread.
#pragma once

#include "format/protocol.h"
#include "runtime/src/base/arena.h"
#include "runtime/src/base/text.h"

#include <cstddef>

namespace wfp {

// One row of a request, split in place: a kind and fields "name=value".
struct Request {
  const char *kind = "";
  struct Field {
    const char *name, *value;
  };
  static constexpr std::size_t kMaxFields = 256;
  Field fields[kMaxFields];
  std::size_t count = 0;
  int file = -1; // the descriptor that came with it

  // The first field of that name, or `otherwise`.
  const char *value(const char *name, const char *otherwise) const;
};

// Splits `text` (size bytes and a NUL, changed in place); false and why for what is no row.
[[nodiscard]] bool parse_request(char *text, std::size_t size, Request &request, Message &why);

// Collects rows and sends them as packets.
class Reply {
public:
  explicit Reply(long socket) : socket_(socket), sink_(buffer_, sizeof(buffer_)) {}
  Reply &row(const char *kind);
  Reply &field(const char *name, const char *value);
  Reply &field(const char *name, unsigned long long value);
  // Ends the current row; sends the packet when little room is left.
  void end_row();
  void flush();
  bool failed() const { return failed_; }

private:
  long socket_; // -1: collected text is dropped
  bool failed_ = false;
  char buffer_[format::kMaxPacketBytes];
  TextSink sink_;
};

} // namespace wfp
