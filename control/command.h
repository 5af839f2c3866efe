// The commands.  Each has a file of its own, which adds the subcommand and its options to the command line and, if that
// is what the user typed, leaves in `action` what is to be done.
#pragma once

#include "control/output.h"

#include <functional>

namespace CLI {
class App;
}

namespace wfp::control {

using Action = std::function<int(Console &)>; // gives an ExitCode; may throw Refused

void add_list(CLI::App &app, Action &action, Console &console);
void add_apply(CLI::App &app, Action &action, Console &console);
void add_revert(CLI::App &app, Action &action, Console &console);
void add_status(CLI::App &app, Action &action, Console &console);
void add_inspect(CLI::App &app, Action &action, Console &console);

// What several commands take; with messages that say what is wrong in the user's words.
void add_pid(CLI::App &command, pid_t &pid);
void add_json(CLI::App &command, Console &console, const std::string &description);
void add_seconds(CLI::App &command, const std::string &name, double &seconds, double least,
                 const std::string &description);

// The whole command, without its process: arguments as of main(), less the program's name.
int run_command(std::vector<std::string> arguments, Console &console);

} // namespace wfp::control
