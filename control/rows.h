// Rows: the text form in which the command and a process talk (format/protocol.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wfp::control {

// A kind and named values, in order.  A name may occur several times (note=, allow_active=).
struct Row {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> fields;

  Row &add(std::string name, std::string value) {
    fields.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  // The first value of that name, or null.
  const std::string *find(std::string_view name) const;
  // The first value of that name, or "".
  std::string text(std::string_view name) const;
  // Every value of that name.
  std::vector<std::string> all(std::string_view name) const;
  // The value as a decimal number; empty if it is absent or the empty string.  Throws Malformed if it is anything else.
  std::optional<std::uint64_t> number(std::string_view name) const;
  // The same for a value that must be there.
  std::uint64_t required_number(std::string_view name) const;
};

// One row with its final newline.  Values are escaped; kinds and names come from us and need none.
std::string encode(const Row &row);

// Appends the rows of one packet.  Throws Malformed if the packet is not made of whole rows.
void decode(std::string_view packet, std::vector<Row> &rows);

} // namespace wfp::control
