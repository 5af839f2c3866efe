// What apply and revert have in common: their options, sending the request, waiting, and telling how it went.
#pragma once

#include "control/settle.h"

namespace CLI {
class App;
}

namespace wfp::control {

struct ChangeOptions {
  std::string mode = "wait-free";
  double timeout = 30; // seconds
  bool no_wait = false;
  bool children = false; // descendants of the process as well
  std::vector<std::string> allow_active;

  void add_to(CLI::App &command);
};

struct ChangeOutcome {
  Applied applied;
  bool waited = false;
  Settlement settlement; // if waited
};

// How long a process may take to tell its status, in seconds: not the time that its threads may take to move.
double answer_seconds(const ChangeOptions &options);

// Sends `request` (apply or revert, with the fields that only it has) and waits as the options say.  `fd` is the
// update's file or -1; `what` names the update to the user.  A time-out while threads move is an outcome like any
// other; TimedOut is thrown only if the process fell silent, Refused if nothing was changed.
ChangeOutcome carry_out(const ProcessInfo &process, Row request, int fd, Direction direction, const std::string &what,
                        const ChangeOptions &options, Console &console);

// Tells the user, unless the output is JSON, and gives the exit code.  `done` is "applied to" or "reverted in".
ExitCode report(const ProcessInfo &process, const std::string &what, const char *done, const ChangeOutcome &outcome,
                const ChangeOptions &options, Console &console);

Json to_json(const ChangeOutcome &outcome);

} // namespace wfp::control
