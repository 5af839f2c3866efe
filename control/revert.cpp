// wfpatch revert PID [UPDATE]
//
// UPDATE may be the beginning of an id or the name of a file.  We look it up in the process's status ourselves, so that
// an ambiguous one is refused here with the candidates, and the process gets a full id.
#include "control/change.h"
#include "control/command.h"
#include "control/descendants.h"
#include "control/errors.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace wfp::control {

namespace {

struct RevertOptions {
  pid_t pid = 0;
  std::string update;
  ChangeOptions change;
};

std::string describe(const UpdateStatus &update) { return update.file + " (" + short_id(update.id) + ")"; }

const UpdateStatus &choose(const ProcessInfo &process, const ProcessStatus &status, const std::string &wanted) {
  std::vector<const UpdateStatus *> candidates;
  bool only_reverted = false;
  for (const UpdateStatus &update : status.updates) {
    if (!wanted.empty() && !update.id.starts_with(wanted) && base_name(update.file) != base_name(wanted))
      continue;
    if (update.in_force())
      candidates.push_back(&update);
    else
      only_reverted = true;
  }
  // Not the last in the list: an update that was applied again keeps its place.
  if (wanted.empty() && !candidates.empty())
    return **std::max_element(
        candidates.begin(), candidates.end(),
        [](const UpdateStatus *left, const UpdateStatus *right) { return left->view < right->view; });
  if (candidates.size() == 1)
    return *candidates.front();
  if (candidates.empty() && wanted.empty())
    throw Refused(process.label() + " has no update to revert");
  if (candidates.empty())
    throw Refused(process.label() + (only_reverted ? ": reverted already: " : " has no update ") + wanted);
  std::string names;
  for (const UpdateStatus *update : candidates)
    names += (names.empty() ? "" : ", ") + describe(*update);
  throw Refused(process.label() + ": " + wanted + " may mean " + names);
}

ExitCode revert_one(const ProcessInfo &process, const UpdateStatus &update, const RevertOptions &options,
                    Json &document, Console &console) {
  ChangeOutcome outcome = carry_out(process, Row{"revert", {{"update", update.id}}}, -1, Direction::kBack, update.file,
                                    options.change, console);
  Json entry = {{"file", update.file}};
  entry.update(to_json(outcome));
  document["updates"].push_back(entry);
  return report(process, update.file, "reverted in", outcome, options.change, console);
}

int run_revert(const RevertOptions &options, Console &console) {
  const ProcessInfo process = describe_process(options.pid);
  const double patience = answer_seconds(options.change);
  const ProcessStatus status = fetch_status(process, deadline_in(patience));
  const UpdateStatus &update = choose(process, status, options.update);
  Json document = {{"pid", process.pid}, {"exe", process.exe}, {"updates", Json::array()}};
  ExitCode code = revert_one(process, update, options, document, console);
  if (options.change.children)
    code = worse(code, visit_descendants(process, document, console, [&](const ProcessInfo &child, Json &entry) {
                   const ProcessStatus its_own = fetch_status(child, deadline_in(patience));
                   const UpdateStatus *same = its_own.find(update.id);
                   // A child that was forked meanwhile never had it in force.
                   return same && same->in_force() ? revert_one(child, *same, options, entry, console) : kDone;
                 }));
  if (console.json)
    console.print(document);
  return code;
}

} // namespace

void add_revert(CLI::App &app, Action &action, Console &console) {
  auto options = std::make_shared<RevertOptions>();
  CLI::App *command = app.add_subcommand("revert", "Take an update back, the newest if none is named");
  add_pid(*command, options->pid);
  command
      ->add_option("update", options->update, "The beginning of an id, or a file name, as 'wfpatch status' shows them")
      ->type_name("UPDATE");
  options->change.add_to(*command);
  add_json(*command, console, "Print the result as JSON");
  command->footer(
      "Reverting is an update like any other: threads go back to the old code one by one. Variables keep the\n"
      "values that the new code gave them.\n\n"
      "  wfpatch revert 4242\n"
      "  wfpatch revert 4242 fix.wfp\n"
      "  wfpatch revert 4242 3f2a91\n"
      "  wfpatch revert --children $(cat /run/nginx.pid)");
  command->callback(
      [options, &action] { action = [options](Console &console) { return run_revert(*options, console); }; });
}

} // namespace wfp::control
