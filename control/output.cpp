#include "control/output.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace wfp::control {

void Console::complain(const std::string &message) {
  progress("");
  err << "wfpatch: " << printable(message) << '\n';
  err.flush();
}

void Console::progress(const std::string &text) {
  if (!err_is_terminal || text == progress_shown)
    return;
  err << "\r\x1b[K" << printable(text); // to column 1, and erase the line
  err.flush();
  progress_shown = text;
}

void Console::print(const Json &document, bool compact) {
  // Thread names are bytes, not UTF-8: replace what JSON cannot hold.
  out << document.dump(compact ? -1 : 2, ' ', false, Json::error_handler_t::replace) << '\n';
  out.flush();
}

std::string printable(const std::string &text) {
  std::string clean = text;
  for (char &c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  return clean;
}

std::string base_name(const std::string &path) {
  std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

std::string short_id(const std::string &id) { return id.substr(0, 12); }

std::string duration(std::uint64_t microseconds) {
  char text[32];
  const double us = static_cast<double>(microseconds);
  if (microseconds < 1000)
    std::snprintf(text, sizeof(text), "%d us", static_cast<int>(microseconds));
  else if (microseconds < 1000000)
    std::snprintf(text, sizeof(text), "%.1f ms", us / 1e3);
  else
    std::snprintf(text, sizeof(text), "%.2f s", us / 1e6);
  return text;
}

std::string count(std::uint64_t number, const std::string &noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

void Table::print(std::ostream &out) const {
  std::vector<std::size_t> widths;
  for (const auto &row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto &row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += printable(row[i]);
      if (i + 1 < row.size())
        line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

} // namespace wfp::control
