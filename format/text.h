// Text without allocation: messages and protocol rows are built in buffers of fixed size, cut off at the end rather than
// overrun.  Any thread, async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wfp {

// Appends to a caller's buffer; always NUL-terminated.  Its functions are kept out of line: messages are many, and cold.
class TextSink {
public:
  TextSink(char *buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) { buffer_[0] = '\0'; }

  [[gnu::noinline]] TextSink &operator<<(const char *text) {
    return append(text ? text : "(null)", text ? std::strlen(text) : 6);
  }
  [[gnu::noinline]] TextSink &operator<<(char character) { return append(&character, 1); }
  TextSink &operator<<(unsigned long long value) { return decimal(value); }
  TextSink &operator<<(unsigned long value) { return decimal(value); }
  TextSink &operator<<(unsigned value) { return decimal(value); }
  TextSink &operator<<(long value) { return signed_decimal(value); }
  TextSink &operator<<(long long value) { return signed_decimal(value); }
  TextSink &operator<<(int value) { return signed_decimal(value); }

  [[gnu::noinline]] TextSink &append(const char *text, std::size_t length) {
    std::size_t room = capacity_ - 1 - size_;
    if (length > room) {
      length = room;
      truncated_ = true;
    }
    std::memcpy(buffer_ + size_, text, length);
    size_ += length;
    buffer_[size_] = '\0';
    return *this;
  }
  [[gnu::noinline]] TextSink &hex(std::uint64_t value) {
    char digits[16];
    int count = 0;
    do
      digits[count++] = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    append("0x", 2);
    while (count)
      append(&digits[--count], 1);
    return *this;
  }
  [[gnu::noinline]] TextSink &hex_bytes(const std::uint8_t *bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      char pair[2] = {"0123456789abcdef"[bytes[i] >> 4], "0123456789abcdef"[bytes[i] & 15]};
      append(pair, 2);
    }
    return *this;
  }

  const char *c_str() const { return buffer_; }
  std::size_t size() const { return size_; }
  bool truncated() const { return truncated_; }
  void clear() {
    size_ = 0;
    truncated_ = false;
    buffer_[0] = '\0';
  }

private:
  [[gnu::noinline]] TextSink &decimal(std::uint64_t value) {
    char digits[20];
    int count = 0;
    do
      digits[count++] = static_cast<char>('0' + value % 10);
    while (value /= 10);
    while (count)
      append(&digits[--count], 1);
    return *this;
  }
  [[gnu::noinline]] TextSink &signed_decimal(long long value) {
    if (value < 0) {
      append("-", 1);
      return decimal(0 - static_cast<std::uint64_t>(value));
    }
    return decimal(static_cast<std::uint64_t>(value));
  }

  char *buffer_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool truncated_ = false;
};

template <std::size_t Capacity> class FixedText : public TextSink {
public:
  FixedText() : TextSink(storage_, Capacity) {}
  FixedText(const FixedText &) = delete;
  FixedText &operator=(const FixedText &) = delete;

private:
  char storage_[Capacity];
};

// Why something was refused: one line, naming file and symbol.  Functions that can refuse return false and fill one.
using Message = FixedText<1024>;

} // namespace wfp
