// wfpatch apply PID update.wfp...
//
// The files are opened and looked at before anything is sent, so that a misspelt third name does not leave the first
// two applied.  What they hold is for the process to judge: it must not trust us anyway.
#include "control/change.h"
#include "control/command.h"
#include "control/errors.h"
#include "control/update_file.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace wfp::control {

namespace {

struct ApplyOptions {
  pid_t pid = 0;
  std::vector<std::string> files;
  ChangeOptions change;
};

int run_apply(const ApplyOptions &options, Console &console) {
  std::vector<Descriptor> files;
  for (const std::string &path : options.files)
    files.push_back(open_update(path));
  const ProcessInfo process = describe_process(options.pid);

  Json document = {{"pid", process.pid}, {"exe", process.exe}, {"updates", Json::array()}};
  ExitCode code = kDone;
  for (std::size_t i = 0; i < files.size() && code == kDone; ++i) {
    const std::string &path = options.files[i];
    try {
      Row request{"apply", {{"file", base_name(path)}}};
      ChangeOutcome outcome =
          carry_out(process, request, files[i].get(), Direction::kForward, path, options.change, console);
      Json entry = {{"file", path}};
      entry.update(to_json(outcome));
      document["updates"].push_back(entry);
      code = report(process, path, "applied to", outcome, options.change, console);
    } catch (const Failure &failure) {
      console.complain(path + ": " + failure.what());
      document["updates"].push_back({{"file", path}, {"error", failure.what()}});
      code = failure.code;
    }
    if (code != kDone && i + 1 < files.size())
      console.complain("not tried after that: " + count(files.size() - i - 1, "update") + ", from " +
                       options.files[i + 1] + " on");
  }
  if (console.json)
    console.print(document);
  return code;
}

} // namespace

void add_apply(CLI::App &app, Action &action, Console &console) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App *command = app.add_subcommand("apply", "Apply updates to a running process, in the order given");
  add_pid(*command, options->pid);
  command->add_option("update", options->files, "Updates made by wfdiff")->required()->type_name("FILE.wfp");
  options->change.add_to(*command);
  add_json(*command, console, "Print the result as JSON");
  command->footer(
      "Waits until every thread runs the new code. The process is left unchanged by an update that it refuses,\n"
      "and the updates after it are not tried.\n\n"
      "  wfpatch apply 4242 fix.wfp\n"
      "  wfpatch apply $(pidof server) a.wfp b.wfp --timeout 5\n"
      "  wfpatch apply 4242 fix.wfp --allow-active event_loop");
  command->callback(
      [options, &action] { action = [options](Console &console) { return run_apply(*options, console); }; });
}

} // namespace wfp::control
