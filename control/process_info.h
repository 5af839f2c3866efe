// What /proc tells about a process that we may want to talk to.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wfp::control {

struct ProcessInfo {
  pid_t pid = 0;           // in our PID namespace
  pid_t parent = 0;        // in our PID namespace
  pid_t innermost_pid = 0; // in its own: what the process itself believes to be, and names its socket by
  uid_t uid = 0;           // effective
  std::string name;        // comm
  std::string exe;         // path, or the name where /proc/PID/exe may not be read
  char state = '?';        // R, S, D, T (stopped), t (traced), Z ...
  unsigned threads = 0;

  // "process 123 (name)": the start of every message about it.
  std::string label() const;
};

// Throws Refused: no such process; a thread's id instead of a process's; one that has ended and awaits its parent.
ProcessInfo describe_process(pid_t pid);

// The same for a scan, where processes come and go: empty instead of an exception.
std::optional<ProcessInfo> try_describe_process(pid_t pid);

// Every process in /proc, by id.
std::vector<pid_t> all_processes();

// The process's threads: from the id that each has in its own PID namespace to the one in ours.
std::map<pid_t, pid_t> thread_ids(const ProcessInfo &process);

// The network namespace of a process as a comparable text; empty if we may not look.  "self" for our own.
std::string network_namespace(const std::string &process);

// The name of a user, or the number.
std::string user_name(uid_t uid);

} // namespace wfp::control
