// What apply and revert do after a view has been published: watch the threads move into it.
#pragma once

#include "control/output.h"

#include <functional>

namespace wfp::control {

enum class Direction { kForward, kBack };

struct Settlement {
  bool settled = false;
  UpdateStatus update;              // as last seen
  std::vector<ThreadStatus> behind; // threads in an older view, as last seen
  std::vector<StackStatus> stacks;  // the same of the program's own stacks
};

// Asks until no thread is left behind or the deadline has passed.  `publish`ed is the view that the threads should
// reach. Throws NoAnswer if the process falls silent, Refused if it ends or loses the update.
Settlement wait_until_settled(const ProcessInfo &process, const std::string &id, std::uint64_t published,
                              Direction direction, Deadline deadline,
                              const std::function<void(const Settlement &)> &progress);

// "7 of 10 threads moved; held up: worker-3 (tid 123) in handle_request and 2 more"
std::string describe_progress(const Settlement &settlement);
// One line for each thread and stack that is behind.
std::vector<std::string> describe_behind(const Settlement &settlement);

} // namespace wfp::control
