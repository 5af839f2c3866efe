// wfpatch status PID [--watch] [--children]
#include "control/command.h"
#include "control/descendants.h"
#include "control/errors.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <thread>

namespace wfp::control {

namespace {

struct StatusOptions {
  pid_t pid = 0;
  bool watch = false;
  bool children = false; // descendants of the process as well
  double interval = 1;
  double timeout = 5;
};

void print_tables(const ProcessStatus &status, std::ostream &out) {
  out << "process " << status.pid << ' ' << printable(status.exe) << ", view " << status.view;
  if (!status.version.empty())
    out << ", runtime " << printable(status.version);
  out << "\n\n";

  if (status.updates.empty()) {
    out << "no updates\n";
  } else {
    Table updates({"UPDATE", "FILE", "STATE", "VIEW", "FUNCTIONS", "THREADS", "APPLIED IN", "SETTLED IN"});
    for (const UpdateStatus &update : status.updates)
      updates.add({short_id(update.id), update.file,
                   update.in_force() || !update.in_transition() ? update.state : "reverting",
                   std::to_string(update.view), std::to_string(update.functions),
                   std::to_string(update.threads_moved) + "/" + std::to_string(update.threads_total),
                   duration(update.apply_us), update.settle_us ? duration(*update.settle_us) : "-"});
    updates.print(out);
  }
  out << '\n';

  Table threads({"THREAD", "NAME", "VIEW", "STATE", "HELD UP BY"});
  for (const ThreadStatus &thread : status.threads)
    threads.add({std::to_string(thread.tid), thread.name, std::to_string(thread.view), thread.state,
                 thread.held_by.empty() ? "-" : thread.held_by});
  threads.print(out);
  if (status.stacks.empty())
    return;
  out << "\nin older code (coroutines):\n";
  Table stacks({"STACK", "SIZE", "VIEW", "STATE", "HELD UP BY"});
  for (const StackStatus &stack : status.stacks)
    stacks.add({printable(stack.low), std::to_string(stack.size), std::to_string(stack.view), stack.state,
                stack.held_by.empty() ? "-" : stack.held_by});
  stacks.print(out);
}

// Looks once at the process, and at its descendants if asked to.
ExitCode show(const ProcessInfo &process, const StatusOptions &options, Console &console) {
  const ProcessStatus status = fetch_status(process, deadline_in(options.timeout));
  if (!console.json) {
    if (options.watch && console.out_is_terminal)
      console.out << "\x1b[H\x1b[2J"; // home, and erase the screen
    print_tables(status, console.out);
  }
  Json document = to_json(status);
  ExitCode code = kDone;
  if (options.children)
    code = visit_descendants(process, document, console, [&](const ProcessInfo &child, Json &entry) {
      const ProcessStatus its_own = fetch_status(child, deadline_in(options.timeout));
      entry = to_json(its_own);
      if (!console.json)
        print_tables(its_own, console.out << '\n');
      return kDone;
    });
  if (console.json)
    console.print(document, options.watch);
  else if (options.watch && !console.out_is_terminal)
    console.out << '\n';
  console.out.flush();
  return code;
}

int run_status(const StatusOptions &options, Console &console) {
  const ProcessInfo process = describe_process(options.pid);
  ExitCode code = show(process, options, console);
  while (options.watch && console.out) {
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval));
    if (!try_describe_process(process.pid))
      throw Refused(process.label() + " has ended");
    code = show(process, options, console);
  }
  return code;
}

} // namespace

void add_status(CLI::App &app, Action &action, Console &console) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App *command = app.add_subcommand("status", "Show the updates of a process and what code its threads run");
  add_pid(*command, options->pid);
  command->add_flag("--watch,-w", options->watch, "Show it again and again, until the process ends or you interrupt");
  command->add_flag("--children", options->children, "Show the processes that descend from PID as well");
  add_seconds(*command, "--interval", options->interval, 0.01, "Seconds between two looks of --watch (default 1)");
  add_seconds(*command, "--timeout", options->timeout, 0.01, "Wait at most S seconds for an answer (default 5)");
  add_json(*command, console, "Print JSON; with --watch one document on each line");
  command->footer(
      "An update is 'moving' until every thread has changed over, then 'settled'. HELD UP BY names the function\n"
      "that is active on the thread's stack and keeps it in older code.\n\n"
      "  wfpatch status 4242\n"
      "  wfpatch status 4242 --watch\n"
      "  wfpatch status --children $(cat /run/nginx.pid)\n"
      "  wfpatch status 4242 --json | jq '.threads[] | select(.held_by)'");
  command->callback(
      [options, &action] { action = [options](Console &console) { return run_status(*options, console); }; });
}

} // namespace wfp::control
