#include "control/descendants.h"

#include "control/errors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <thread>

namespace wfp::control {

namespace {

std::vector<ProcessInfo> descendants(pid_t root) {
  std::vector<ProcessInfo> all;
  for (pid_t pid : all_processes())
    if (std::optional<ProcessInfo> process = try_describe_process(pid))
      all.push_back(std::move(*process));
  std::vector<ProcessInfo> found;
  std::vector<pid_t> generation{root};
  while (!generation.empty()) {
    std::vector<pid_t> next;
    for (const ProcessInfo &process : all)
      if (std::find(generation.begin(), generation.end(), process.parent) != generation.end()) {
        found.push_back(process);
        next.push_back(process.pid);
      }
    generation = std::move(next);
  }
  return found;
}

// Calls `visit` until the process listens or has had its time; false if it never did.
bool when_it_listens(const ProcessInfo &process, double seconds, const std::function<void()> &visit) {
  const Deadline deadline = deadline_in(seconds);
  for (;;) {
    try {
      visit();
      return true;
    } catch (const NoRuntime &) {
      if (Clock::now() >= deadline || !try_describe_process(process.pid))
        return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

} // namespace

ExitCode visit_descendants(const ProcessInfo &root, Json &document, Console &console,
                           const std::function<ExitCode(const ProcessInfo &, Json &)> &visit) {
  constexpr double kSecondsToListen = 1;
  document["children"] = Json::array();
  ExitCode code = kDone;
  std::set<pid_t> seen;
  for (bool found = true; found;) {
    found = false;
    for (const ProcessInfo &process : descendants(root.pid)) {
      if (!seen.insert(process.pid).second)
        continue;
      found = true;
      Json entry = {{"pid", process.pid}, {"exe", process.exe}, {"updates", Json::array()}};
      try {
        if (when_it_listens(process, process.exe == root.exe ? kSecondsToListen : 0,
                            [&] { code = worse(code, visit(process, entry)); }))
          document["children"].push_back(entry);
        continue;
      } catch (const Failure &failure) {
        if (!try_describe_process(process.pid))
          continue;
        console.complain(failure.what());
        entry["error"] = failure.what();
        code = worse(code, failure.code);
      }
      document["children"].push_back(entry);
    }
  }
  return code;
}

} // namespace wfp::control
