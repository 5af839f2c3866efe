// The process does not call back: it is asked again and again, at intervals that grow from 1 ms (a busy server has
// moved after a few) to 100 ms (a thread that computes for seconds loses nothing by being asked less often).
//
// Reverting is an update like any other, except that its row bears the id of the update that goes away and says
// `reverted` from the start; that it has settled is told by its settling time.
#include "control/settle.h"

#include <algorithm>
#include <thread>

namespace wfp::control {

namespace {

bool is_settled(const UpdateStatus &update, Direction direction) {
  if (direction == Direction::kForward)
    return update.state == "settled";
  return !update.in_force() && !update.in_transition();
}

Settlement look(const ProcessInfo &process, const std::string &id, std::uint64_t published, Direction direction,
                Deadline deadline) {
  ProcessStatus status = fetch_status(process, deadline);
  const UpdateStatus *update = status.find(id);
  if (!update)
    throw Refused(process.label() + " no longer lists update " + short_id(id));
  if (direction == Direction::kForward && !update->in_force())
    throw Refused("update " + short_id(id) + " has been reverted meanwhile, not by this command");
  Settlement settlement;
  settlement.update = *update;
  settlement.settled = is_settled(*update, direction);
  if (!settlement.settled)
    for (ThreadStatus &thread : status.threads)
      if (thread.view < published)
        settlement.behind.push_back(std::move(thread));
  if (!settlement.settled)
    settlement.stacks = std::move(status.stacks);
  return settlement;
}

std::string describe(const ThreadStatus &thread) {
  std::string text = thread.name + " (tid " + std::to_string(thread.tid) + ")";
  if (!thread.held_by.empty())
    return text + " in " + thread.held_by;
  return text + ", " + (thread.state == "unknown" ? "not known to the runtime yet" : thread.state);
}

} // namespace

Settlement wait_until_settled(const ProcessInfo &process, const std::string &id, std::uint64_t published,
                              Direction direction, Deadline deadline,
                              const std::function<void(const Settlement &)> &progress) {
  constexpr Clock::duration kLongest = std::chrono::milliseconds(100);
  // Even at a time-out of 0 the process is asked once, and given time to answer.
  constexpr Clock::duration kAnswerTime = std::chrono::seconds(1);
  Clock::duration interval = std::chrono::milliseconds(1);
  for (;;) {
    Settlement settlement = look(process, id, published, direction, std::max(deadline, Clock::now() + kAnswerTime));
    const Deadline now = Clock::now();
    if (settlement.settled || now >= deadline)
      return settlement;
    progress(settlement);
    std::this_thread::sleep_for(std::min(interval, deadline - now));
    interval = std::min(interval * 3 / 2, kLongest);
  }
}

std::string describe_progress(const Settlement &settlement) {
  std::string text = std::to_string(settlement.update.threads_moved) + " of " +
                     count(settlement.update.threads_total, "thread") + " moved";
  if (settlement.behind.empty())
    return text;
  text += "; held up: " + describe(settlement.behind.front());
  if (settlement.behind.size() > 1)
    text += " and " + std::to_string(settlement.behind.size() - 1) + " more";
  return text;
}

std::vector<std::string> describe_behind(const Settlement &settlement) {
  std::vector<std::string> lines;
  for (const ThreadStatus &thread : settlement.behind)
    lines.push_back("held up: " + describe(thread));
  for (const StackStatus &stack : settlement.stacks)
    lines.push_back("held up: the stack at " + stack.low + ", " + stack.state +
                    (stack.held_by.empty() ? std::string() : " in " + stack.held_by));
  return lines;
}

} // namespace wfp::control
