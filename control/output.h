// How the command speaks: tables for people, JSON for machines, one line for a refusal.
#pragma once

#include "control/replies.h"

#include <iosfwd>

namespace wfp::control {

class Console {
public:
  Console(std::ostream &out, std::ostream &err) : out(out), err(err) {}

  std::ostream &out;
  std::ostream &err;
  bool json = false;
  bool out_is_terminal = false; // status --watch then redraws
  bool err_is_terminal = false; // apply and revert then show progress

  // "wfpatch: MESSAGE", cleaned up to be one line.
  void complain(const std::string &message);
  void note(const std::string &message) { complain("note: " + message); }
  // Replaces the last progress line; "" removes it.  Nothing unless stderr is a terminal.
  void progress(const std::string &text);
  // A document and a newline; `compact` for one that is one of many.  Never throws for what a process called itself.
  void print(const Json &document, bool compact = false);

private:
  std::string progress_shown; // the line that stands there
};

// Names come from files and other processes: control characters become '?', so that they cannot drive the terminal.
std::string printable(const std::string &text);

// The last component of a path.
std::string base_name(const std::string &path);

// An update's id, short but ample to tell updates apart.
std::string short_id(const std::string &id);

// "312 us", "4.1 ms", "2.50 s".
std::string duration(std::uint64_t microseconds);

// "1 thread", "2 threads".
std::string count(std::uint64_t number, const std::string &noun);

// Columns padded to their widest cell, two blanks between them.
class Table {
public:
  explicit Table(std::vector<std::string> header) { rows.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  bool empty() const { return rows.size() == 1; }
  void print(std::ostream &out) const;

private:
  std::vector<std::vector<std::string>> rows;
};

} // namespace wfp::control
