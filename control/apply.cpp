// wfpatch apply PID update.wfp...
//
// The files are opened and looked at before anything is sent, so that a misspelt third name does not leave the first
// two applied.  What they hold is for the process to judge: it must not trust us anyway.
#include "control/change.h"
#include "control/command.h"
#include "control/descendants.h"
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

struct Request {
  const ApplyOptions &options;
  std::vector<Descriptor> files;
  std::vector<std::string> ids; // of those that the process took: its children are to have the same
};

// Applies one update and adds what became of it to the document's.
ExitCode apply_one(const ProcessInfo &process, Request &request, std::size_t i, Json &document, Console &console) {
  const std::string &path = request.options.files[i];
  const ChangeOptions &change = request.options.change;
  ChangeOutcome outcome = carry_out(process, Row{"apply", {{"file", base_name(path)}}}, request.files[i].get(),
                                    Direction::kForward, path, change, console);
  if (i == request.ids.size())
    request.ids.push_back(outcome.applied.id);
  Json entry = {{"file", path}};
  entry.update(to_json(outcome));
  document["updates"].push_back(entry);
  return report(process, path, "applied to", outcome, change, console);
}

// Applies the updates in their order, until one is refused.
ExitCode apply_all(const ProcessInfo &process, Request &request, Json &document, Console &console) {
  const std::vector<std::string> &paths = request.options.files;
  ExitCode code = kDone;
  for (std::size_t i = 0; i < paths.size() && code == kDone; ++i) {
    try {
      code = apply_one(process, request, i, document, console);
    } catch (const Failure &failure) {
      console.complain(paths[i] + ": " + failure.what());
      document["updates"].push_back({{"file", paths[i]}, {"error", failure.what()}});
      code = failure.code;
    }
    if (code != kDone && i + 1 < paths.size())
      console.complain("not tried after that: " + count(paths.size() - i - 1, "update") + ", from " + paths[i + 1] +
                       " on");
  }
  return code;
}

// Brings a child up to its parent's updates.  Those that its parent had when it was forked it has as well.
ExitCode follow(const ProcessInfo &child, Request &request, Json &document, Console &console) {
  const ProcessStatus status = fetch_status(child, deadline_in(answer_seconds(request.options.change)));
  ExitCode code = kDone;
  for (std::size_t i = 0; i < request.ids.size(); ++i) {
    const UpdateStatus *update = status.find(request.ids[i]);
    if (update && update->in_force())
      document["updates"].push_back({{"file", request.options.files[i]}, {"id", update->id}, {"inherited", true}});
    else
      code = worse(code, apply_one(child, request, i, document, console));
  }
  return code;
}

int run_apply(const ApplyOptions &options, Console &console) {
  Request request{options, {}, {}};
  for (const std::string &path : options.files)
    request.files.push_back(open_update(path));
  const ProcessInfo process = describe_process(options.pid);
  Json document = {{"pid", process.pid}, {"exe", process.exe}, {"updates", Json::array()}};
  ExitCode code = apply_all(process, request, document, console);
  if (options.change.children)
    code = worse(code, visit_descendants(process, document, console, [&](const ProcessInfo &child, Json &entry) {
                   return follow(child, request, entry, console);
                 }));
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
      "  wfpatch apply 4242 fix.wfp --allow-active event_loop\n"
      "  wfpatch apply --children $(cat /run/nginx.pid) fix.wfp");
  command->callback(
      [options, &action] { action = [options](Console &console) { return run_apply(*options, console); }; });
}

} // namespace wfp::control
