// The other side is a process that may be broken, of another version, or hostile: decode() accepts exactly what the
// protocol allows and says what else it found.  Unknown kinds and fields are for the caller to ignore, not for us.
#include "control/rows.h"

#include "control/errors.h"

#include <charconv>

namespace wfp::control {

const std::string *Row::find(std::string_view name) const {
  for (const auto &[field, value] : fields)
    if (field == name)
      return &value;
  return nullptr;
}

std::string Row::text(std::string_view name) const {
  const std::string *value = find(name);
  return value ? *value : std::string();
}

std::vector<std::string> Row::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto &[field, value] : fields)
    if (field == name)
      values.push_back(value);
  return values;
}

std::optional<std::uint64_t> Row::number(std::string_view name) const {
  const std::string *value = find(name);
  if (!value || value->empty())
    return std::nullopt;
  std::uint64_t result = 0;
  auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc() || end != value->data() + value->size())
    throw Malformed(std::string(name) + "= of row '" + kind + "' is not a number");
  return result;
}

std::uint64_t Row::required_number(std::string_view name) const {
  if (auto value = number(name))
    return *value;
  throw Malformed("row '" + kind + "' lacks " + std::string(name) + "=");
}

namespace {

void append_escaped(std::string &out, std::string_view value) {
  for (char c : value) {
    switch (c) {
    case '\\':
      out += "\\\\";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\n':
      out += "\\n";
      break;
    default:
      out += c;
    }
  }
}

std::string unescape(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\') {
      out += value[i];
      continue;
    }
    char escaped = ++i < value.size() ? value[i] : '\0';
    if (escaped == '\\')
      out += '\\';
    else if (escaped == 't')
      out += '\t';
    else if (escaped == 'n')
      out += '\n';
    else
      throw Malformed("a backslash that escapes nothing");
  }
  return out;
}

bool is_word(std::string_view text) {
  for (char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
      return false;
  return !text.empty();
}

Row decode_row(std::string_view line) {
  Row row;
  bool first = true;
  for (;;) {
    std::size_t tab = line.find('\t');
    std::string_view field = line.substr(0, tab);
    std::size_t equals = field.find('=');
    if (first) {
      if (!is_word(field))
        throw Malformed("a row without a kind");
      row.kind = field;
      first = false;
    } else {
      if (equals == std::string_view::npos || !is_word(field.substr(0, equals)))
        throw Malformed("a field of row '" + row.kind + "' is not name=value");
      row.add(std::string(field.substr(0, equals)), unescape(field.substr(equals + 1)));
    }
    if (tab == std::string_view::npos)
      return row;
    line.remove_prefix(tab + 1);
  }
}

} // namespace

std::string encode(const Row &row) {
  std::string line = row.kind;
  for (const auto &[name, value] : row.fields) {
    line += '\t';
    line += name;
    line += '=';
    append_escaped(line, value);
  }
  line += '\n';
  return line;
}

void decode(std::string_view packet, std::vector<Row> &rows) {
  while (!packet.empty()) {
    std::size_t newline = packet.find('\n');
    if (newline == std::string_view::npos)
      throw Malformed("a row without its newline");
    rows.push_back(decode_row(packet.substr(0, newline)));
    packet.remove_prefix(newline + 1);
  }
}

} // namespace wfp::control
