// The command line: its subcommands, --help and --version, and what becomes an exit code.
#include "control/command.h"
#include "control/errors.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace wfp::control {

namespace {

constexpr char kFooter[] = "  wfpatch list                     which processes can be updated\n"
                           "  wfpatch inspect fix.wfp          what an update would change\n"
                           "  wfpatch apply 4242 fix.wfp       apply it, and wait until all threads run the new code\n"
                           "  wfpatch status 4242              which thread runs what, and what holds it up\n"
                           "  wfpatch revert 4242              take the newest update back\n\n"
                           "Exit status: 0 done; 1 refused, nothing changed, the reason is on stderr; 2 wrong usage;\n"
                           "3 time-out while threads still move: the update stays and goes on.\n"
                           "More: 'wfpatch COMMAND --help', wfpatch(1), wfpatch(7).";

int parse_and_run(CLI::App &app, std::vector<std::string> arguments, Action &action, Console &console) {
  std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError &error) {
    return app.exit(error, console.out, console.err) == 0 ? kDone : kUsage; // 0: --help, --version
  }
  return action(console);
}

// Takes the whole text as a decimal number, or nothing.
template <typename Number> bool parse_number(const std::string &text, Number &number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

} // namespace

void add_pid(CLI::App &command, pid_t &pid) {
  auto check = [](const std::string &text) {
    pid_t number = 0;
    return parse_number(text, number) && number > 0 ? std::string() : "'" + text + "' is not a process id";
  };
  command.add_option("pid", pid, "The process")->required()->type_name("PID")->check(CLI::Validator(check, ""));
}

void add_json(CLI::App &command, Console &console, const std::string &description) {
  command.add_flag("--json", console.json, description);
}

void add_seconds(CLI::App &command, const std::string &name, double &seconds, double least,
                 const std::string &description) {
  constexpr double kDay = 24 * 3600; // the longest that a process accepts as well
  auto check = [least](const std::string &text) {
    double number = -1;
    return parse_number(text, number) && number >= least && number <= kDay
               ? std::string()
               : "'" + text + "' is not a number of seconds that makes sense here";
  };
  command.add_option(name, seconds, description)->type_name("S")->check(CLI::Validator(check, ""));
}

int run_command(std::vector<std::string> arguments, Console &console) {
  CLI::App app("Changes the code of a running program without stopping it.", "wfpatch");
  app.set_version_flag("--version,-V", "wfpatch " WFPATCH_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  app.failure_message([](const CLI::App *app, const CLI::Error &error) {
    const std::vector<CLI::App *> command = app->get_subcommands();
    return "wfpatch: " + std::string(error.what()) + "\nTry 'wfpatch " +
           (command.empty() ? "" : command.front()->get_name() + " ") + "--help'.\n";
  });
  Action action;
  add_list(app, action, console);
  add_inspect(app, action, console);
  add_apply(app, action, console);
  add_status(app, action, console);
  add_revert(app, action, console);
  try {
    return parse_and_run(app, std::move(arguments), action, console);
  } catch (const Failure &failure) {
    console.complain(failure.what());
    if (console.json)
      console.print({{"error", failure.what()}}, /*compact=*/true); // one line, as status --watch needs
    return failure.code;
  } catch (const std::exception &error) { // out of memory, say
    console.complain(error.what());
    return kRefused;
  }
}

} // namespace wfp::control
