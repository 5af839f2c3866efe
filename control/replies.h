// What a process answers, as types: the typed side of rows.h.
#pragma once

#include "control/client.h"

#include <nlohmann/json_fwd.hpp>

namespace wfp::control {

using Json = nlohmann::ordered_json; // keeps the order in which the documentation names the fields

struct Applied {
  std::string id;
  std::uint64_t view = 0; // the number of the view that the request published
  std::uint64_t apply_us = 0;
  std::uint64_t functions = 0;
  std::uint64_t images = 0;
  std::uint64_t skipped = 0; // units that the process does not have
  std::vector<std::string> notes;
};

struct UpdateStatus {
  std::string id;
  std::string file;
  std::string state; // moving, settled, reverted
  std::uint64_t functions = 0;
  std::uint64_t threads_total = 0;
  std::uint64_t threads_moved = 0;
  std::uint64_t apply_us = 0;
  std::optional<std::uint64_t> settle_us;
  std::uint64_t view = 0;

  bool in_force() const { return state != "reverted"; }
  // Threads are on their way into its code, or back out of it.
  bool in_transition() const { return !settle_us; }
};

struct ThreadStatus {
  pid_t tid = 0;
  std::string name;
  std::uint64_t view = 0;
  std::string state;   // running, parked, unknown
  std::string held_by; // an affected function, or ""
};

// A stack of the program's own making (a coroutine's) that is in an older view.
struct StackStatus {
  std::string low; // hexadecimal
  std::uint64_t size = 0;
  std::uint64_t view = 0;
  std::string state; // running, suspended
  std::string held_by;
};

struct ProcessStatus {
  pid_t pid = 0; // in our PID namespace
  std::string exe;
  std::string version; // of the runtime
  std::uint64_t view = 0;
  std::vector<UpdateStatus> updates; // oldest first
  std::vector<ThreadStatus> threads;
  std::vector<StackStatus> stacks;

  const UpdateStatus *find(const std::string &id) const; // or null
};

// Both throw Malformed if a field that we need is missing or senseless.
Applied parse_applied(const std::vector<Row> &rows);
ProcessStatus parse_status(const std::vector<Row> &rows, const ProcessInfo &process);

// Asks on a connection of its own: a watcher must not occupy the control thread between two looks.
ProcessStatus fetch_status(const ProcessInfo &process, Deadline deadline);

// The JSON of DESIGN.md section 8 and of wfpatch(1).
Json to_json(const ProcessStatus &status);
Json to_json(const UpdateStatus &update);
Json to_json(const ThreadStatus &thread);
Json to_json(const StackStatus &stack);

} // namespace wfp::control
