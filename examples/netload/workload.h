// What is asked, and what must be answered.
//
// Each connection has keys of its own whose values follow from their names.  So every answer can be foretold whatever
// other connections do, and a lost, stale or foreign value is seen.  All parts of an answer must come from one version.
#pragma once

#include "protocol.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace netload {

enum class Error { None, Damaged, Order, Mixed, Refused, Wrong, Lost };
inline constexpr int error_count = 7;
const char *error_name(Error error);

// One request that waits for its reply.
struct Question {
  enum class Kind : std::uint8_t { Set, Get, Range, Sum, Version };
  std::int64_t intended; // when it should have been sent, ns of CLOCK_MONOTONIC
  std::uint64_t nonce;
  Kind kind;
  std::uint16_t key;
  std::uint16_t from, count; // Range
};

class Workload {
public:
  static constexpr int key_count = 64;

  explicit Workload(int connection);

  // The mix: 60 % get, 15 % set, 15 % range, 5 % sum, 5 % version.
  Question next(std::int64_t intended);
  // Fills key number `key`.
  Question fill(int key);

  // Appends the request's line to `out`.
  void write(const Question &question, std::string &out) const;

  // Checks the reply's line.  Where it is in order, says which version made it.
  Error check(const Question &question, std::string_view line, Version &version) const;

private:
  bool body_is_right(const Question &question, std::string_view body, Version version) const;
  const char *verb(const Question &question) const;

  std::minstd_rand random_;
  std::uint64_t next_nonce_;
  struct Item {
    std::string key, value;
  };
  std::vector<Item> items_;
  std::array<std::string, version_count> sums_;
};

} // namespace netload
