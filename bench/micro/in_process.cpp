#include "bench/micro/in_process.h"

#include "wfpatch/wfpatch.h"

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace wfp::bench {

void apply(const std::string &path) {
  char message[512];
  if (wfp_apply(path.c_str(), message, sizeof message) != 0)
    throw std::runtime_error("apply " + path + ": " + message);
}

void revert() {
  char message[512];
  if (wfp_revert(nullptr, message, sizeof message) != 0)
    throw std::runtime_error(std::string("revert: ") + message);
}

std::vector<Row> status_rows() {
  std::string text(64 * 1024, '\0');
  for (;;) {
    const std::size_t needed = wfp_status(text.data(), text.size());
    if (needed == 0)
      throw std::runtime_error("status: the control thread did not answer");
    if (needed < text.size()) {
      text.resize(needed);
      break;
    }
    text.assign(needed + 1, '\0');
  }
  std::vector<Row> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    Row row;
    std::istringstream fields(line);
    std::string field;
    if (std::getline(fields, field, '\t'))
      row[""] = field;
    while (std::getline(fields, field, '\t'))
      if (const std::size_t equals = field.find('='); equals != std::string::npos)
        row[field.substr(0, equals)] = field.substr(equals + 1);
    rows.push_back(std::move(row));
  }
  return rows;
}

Row newest_update() {
  Row newest;
  for (const Row &row : status_rows())
    if (row.at("") == "update" && (newest.empty() || row.at("state") != "reverted"))
      newest = row;
  return newest;
}

void wait_until_settled() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    bool moving = false;
    for (const Row &row : status_rows())
      moving = moving || (row.at("") == "update" && row.at("state") == "moving");
    if (!moving)
      return;
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("an update has not settled within 30 s");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

long number(const Row &row, const std::string &field) {
  const auto found = row.find(field);
  if (found == row.end() || found->second.empty())
    throw std::runtime_error("status has no " + field);
  return std::stol(found->second);
}

} // namespace wfp::bench
