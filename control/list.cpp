// wfpatch list
//
// A process listens on an abstract socket named by the PID that it knows of itself.  So for each process we ask whether
// the list of sockets of *its* network namespace holds that name, and if so connect, which verifies the owner.  The
// lists of other namespaces are read through /proc/PID/net, which needs no privileges; connecting there does, and where
// it fails the process is still listed, with the reason.
#include "control/command.h"
#include "control/errors.h"
#include "format/protocol.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <memory>
#include <ostream>
#include <set>

namespace wfp::control {

namespace {

struct Entry {
  ProcessInfo process;
  ProcessStatus status;
  std::string problem; // why there is no status

  // The runtime leaves its own thread out; /proc, which is all there is when it does not answer, counts that as well.
  std::size_t threads() const {
    return problem.empty() ? status.threads.size() : process.threads - (process.threads > 1);
  }
};

// The PIDs after "@wfpatch/" in a table as /proc/net/unix gives it.
std::set<pid_t> listed_sockets(const std::string &path) {
  std::set<pid_t> pids;
  std::ifstream file(path);
  const std::string prefix = std::string("@") + format::kSocketPrefix;
  for (std::string line; std::getline(file, line);) {
    std::size_t blank = line.rfind(' ');
    std::string_view name = blank == std::string::npos ? std::string_view() : std::string_view(line).substr(blank + 1);
    if (!name.starts_with(prefix))
      continue;
    name.remove_prefix(prefix.size());
    pid_t pid = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size())
      pids.insert(pid);
  }
  return pids;
}

std::vector<Entry> find_processes(double timeout) {
  std::map<std::string, std::set<pid_t>> sockets; // by network namespace
  const std::string ours = network_namespace("self");
  sockets[ours] = listed_sockets("/proc/self/net/unix");
  std::vector<Entry> entries;
  for (pid_t pid : all_processes()) {
    std::string space = network_namespace(std::to_string(pid));
    if (space.empty()) // not ours to look at: then it most likely is where we are
      space = ours;
    auto known = sockets.find(space);
    if (known == sockets.end())
      known = sockets.emplace(space, listed_sockets("/proc/" + std::to_string(pid) + "/net/unix")).first;
    if (known->second.empty())
      continue;
    std::optional<ProcessInfo> process = try_describe_process(pid);
    if (!process || !known->second.contains(process->innermost_pid))
      continue;
    Entry entry{*process, {}, {}};
    try {
      entry.status = fetch_status(*process, deadline_in(timeout));
    } catch (const Refused &refused) {
      entry.problem = refused.what();
    }
    if (entry.problem.empty() || try_describe_process(pid)) // else it ended meanwhile
      entries.push_back(std::move(entry));
  }
  return entries;
}

// "2 (1 moving)": how many are in force, and whether one is still on its way in or out.
std::string summary(const std::vector<UpdateStatus> &updates) {
  const auto in_force = std::count_if(updates.begin(), updates.end(), std::mem_fn(&UpdateStatus::in_force));
  const auto moving = std::count_if(updates.begin(), updates.end(), std::mem_fn(&UpdateStatus::in_transition));
  return std::to_string(in_force) + (moving ? " (" + std::to_string(moving) + " moving)" : std::string());
}

int run_list(double timeout, Console &console) {
  const std::vector<Entry> entries = find_processes(timeout);
  if (console.json) {
    Json list = Json::array();
    for (const Entry &entry : entries) {
      Json json = {{"pid", entry.process.pid}, {"exe", entry.process.exe}, {"threads", entry.threads()}};
      if (!entry.problem.empty()) {
        json["error"] = entry.problem;
      } else {
        json["view"] = entry.status.view;
        json["updates"] = Json::array();
        for (const UpdateStatus &update : entry.status.updates)
          json["updates"].push_back(to_json(update));
      }
      list.push_back(json);
    }
    console.print({{"processes", list}});
    return kDone;
  }
  Table table({"PID", "PROGRAM", "THREADS", "VIEW", "UPDATES"});
  for (const Entry &entry : entries) {
    const bool known = entry.problem.empty();
    table.add({std::to_string(entry.process.pid), entry.process.exe, std::to_string(entry.threads()),
               known ? std::to_string(entry.status.view) : "?", known ? summary(entry.status.updates) : entry.problem});
  }
  if (table.empty())
    console.complain("no process here runs the wfpatch runtime");
  else
    table.print(console.out);
  return kDone;
}

} // namespace

void add_list(CLI::App &app, Action &action, Console &console) {
  auto timeout = std::make_shared<double>(1);
  CLI::App *command = app.add_subcommand("list", "List the processes that can be updated");
  add_seconds(*command, "--timeout", *timeout, 0.01, "Wait at most S seconds for each process to answer (default 1)");
  add_json(*command, console, "Print the list as JSON");
  command->footer(
      "UPDATES counts the updates in effect. Processes in other network namespaces (containers) are shown where\n"
      "you may see them; to reach them you must be root.");
  command->callback(
      [timeout, &action] { action = [timeout](Console &console) { return run_list(*timeout, console); }; });
}

} // namespace wfp::control
