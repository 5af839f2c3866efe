// All of it comes from /proc/PID/status (world-readable) where possible: exe and ns/ need the right to trace the
// process, and a command that cannot name a process cannot give a good reason for its refusal.
#include "control/process_info.h"

#include "control/errors.h"

#include <dirent.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <fstream>
#include <memory>
#include <sstream>

namespace wfp::control {

std::string ProcessInfo::label() const { return "process " + std::to_string(pid) + " (" + name + ")"; }

namespace {

std::string process_path(pid_t pid, const char *file) { return "/proc/" + std::to_string(pid) + "/" + file; }

std::string read_link(const std::string &path) {
  char buffer[PATH_MAX];
  ssize_t length = readlink(path.c_str(), buffer, sizeof(buffer));
  return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : std::string();
}

struct StatusFile {
  ProcessInfo info;
  pid_t tgid = 0;
};

std::optional<StatusFile> read_status(pid_t pid) {
  std::ifstream file(process_path(pid, "status"));
  if (!file)
    return std::nullopt;
  StatusFile status;
  status.info.pid = status.info.innermost_pid = pid;
  std::string line;
  while (std::getline(file, line)) {
    std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    std::string key = line.substr(0, colon);
    std::istringstream values(line.substr(colon + 1));
    if (key == "Name") {
      status.info.name = line.substr(std::min(line.size(), colon + 2)); // may hold blanks
    } else if (key == "State") {
      values >> status.info.state;
    } else if (key == "Tgid") {
      values >> status.tgid;
    } else if (key == "PPid") {
      values >> status.info.parent;
    } else if (key == "Uid") {
      uid_t real;
      values >> real >> status.info.uid;
    } else if (key == "Threads") {
      values >> status.info.threads;
    } else if (key == "NSpid") { // one number for each PID namespace, ours first, its own last
      for (pid_t number; values >> number;)
        status.info.innermost_pid = number;
    }
  }
  if (status.tgid == 0) // the process ended while we read
    return std::nullopt;
  status.info.exe = read_link(process_path(pid, "exe"));
  if (status.info.exe.empty())
    status.info.exe = status.info.name;
  return status;
}

} // namespace

ProcessInfo describe_process(pid_t pid) {
  std::optional<StatusFile> status = pid > 0 ? read_status(pid) : std::nullopt;
  if (!status)
    throw Refused("no such process: " + std::to_string(pid));
  if (status->tgid != pid)
    throw Refused(std::to_string(pid) + " is a thread of process " + std::to_string(status->tgid) + " (" +
                  status->info.name + "): give the process");
  if (status->info.state == 'Z')
    throw Refused(status->info.label() + " has ended");
  return status->info;
}

std::optional<ProcessInfo> try_describe_process(pid_t pid) {
  std::optional<StatusFile> status = read_status(pid);
  if (!status || status->tgid != pid || status->info.state == 'Z')
    return std::nullopt;
  return status->info;
}

namespace {

// The entries of a folder of /proc that are numbers, in order.
std::vector<pid_t> numbered_entries(const std::string &path) {
  std::vector<pid_t> pids;
  std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir(path.c_str()), closedir);
  if (!directory)
    return pids;
  while (const dirent *entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    pid_t pid = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size())
      pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

} // namespace

std::vector<pid_t> all_processes() { return numbered_entries("/proc"); }

std::map<pid_t, pid_t> thread_ids(const ProcessInfo &process) {
  std::map<pid_t, pid_t> ids;
  for (pid_t tid : numbered_entries(process_path(process.pid, "task")))
    if (std::optional<StatusFile> status = read_status(tid))
      ids[status->info.innermost_pid] = tid;
  return ids;
}

std::string network_namespace(const std::string &process) { return read_link("/proc/" + process + "/ns/net"); }

std::string user_name(uid_t uid) {
  const passwd *entry = getpwuid(uid);
  return entry ? entry->pw_name : std::to_string(uid);
}

} // namespace wfp::control
