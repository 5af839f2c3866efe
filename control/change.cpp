// The connection is closed as soon as the update is published: what remains is watching, which needs no claim on the
// control thread, and other commands may want it.
#include "control/change.h"

#include "control/command.h"
#include "control/errors.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace wfp::control {

namespace {

// Whatever the user's patience with moving threads, a process gets this long to answer at all.
constexpr double kLeastAnswerSeconds = 1;

// In barrier mode the process answers when its own time-out has passed; allow for the way back.
constexpr double kBarrierGraceSeconds = 2;

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g s", seconds);
  return text;
}

} // namespace

void ChangeOptions::add_to(CLI::App &command) {
  auto check_mode = [](const std::string &text) {
    return text == "wait-free" || text == "barrier" ? std::string() : "'" + text + "' is neither wait-free nor barrier";
  };
  command
      .add_option("--mode", mode,
                  "wait-free: threads change over one by one (default); barrier: all stop and change together")
      ->type_name("MODE")
      ->check(CLI::Validator(check_mode, ""));
  add_seconds(command, "--timeout", timeout, 0, "Wait at most S seconds for all threads to move (default 30)");
  command.add_flag("--no-wait", no_wait, "Return as soon as the update is published, while threads still move");
  command.add_flag("--children", children, "Change the processes that descend from PID as well");
  command.add_option("--allow-active", allow_active, "Function F may stay active on a thread that moves; repeatable")
      ->type_name("F")
      ->allow_extra_args(false);
}

double answer_seconds(const ChangeOptions &options) { return std::clamp(options.timeout, kLeastAnswerSeconds, 5.0); }

ChangeOutcome carry_out(const ProcessInfo &process, Row request, int fd, Direction direction, const std::string &what,
                        const ChangeOptions &options, Console &console) {
  const Deadline deadline = deadline_in(options.timeout);
  const Deadline answer = deadline_in(std::max(options.timeout, kLeastAnswerSeconds));
  request.add("mode", options.mode);
  request.add("timeout_ms", std::to_string(static_cast<std::uint64_t>(std::llround(options.timeout * 1000))));
  for (const std::string &function : options.allow_active)
    request.add("allow_active", function);

  ChangeOutcome outcome;
  {
    Connection connection = Connection::open(process, answer);
    console.progress(what + ": waiting for " + process.label());
    const Deadline reply = options.mode == "barrier" ? deadline_in(options.timeout + kBarrierGraceSeconds) : answer;
    try {
      std::vector<Row> rows = connection.request(request, reply, fd);
      outcome.applied = interpret(process, [&] { return parse_applied(rows); });
    } catch (const NoAnswer &silence) {
      throw TimedOut(std::string(silence.what()) +
                     "; it has the request and may still carry it out: see 'wfpatch status " +
                     std::to_string(process.pid) + "'");
    }
  }
  if (options.no_wait)
    return outcome;
  outcome.waited = true;
  try {
    outcome.settlement =
        wait_until_settled(process, outcome.applied.id, outcome.applied.view, direction, deadline,
                           [&](const Settlement &now) { console.progress(what + ": " + describe_progress(now)); });
  } catch (const NoAnswer &silence) {
    throw TimedOut(what + ": published, but " + silence.what());
  }
  console.progress("");
  return outcome;
}

ExitCode report(const ProcessInfo &process, const std::string &what, const char *done, const ChangeOutcome &outcome,
                const ChangeOptions &options, Console &console) {
  const Applied &applied = outcome.applied;
  const UpdateStatus &update = outcome.settlement.update;
  const bool late = outcome.waited && !outcome.settlement.settled;
  if (!console.json) {
    console.out << printable(what) << " (" << short_id(applied.id) << ") " << done << ' ' << printable(process.label())
                << ": " << count(applied.functions, "function") << " in " << count(applied.images, "image") << ", "
                << duration(applied.apply_us);
    if (!outcome.waited)
      console.out << "; threads are moving";
    else if (!late)
      console.out << "; " << count(update.threads_total, "thread") << " moved"
                  << (update.settle_us ? " in " + duration(*update.settle_us) : std::string());
    console.out << '\n';
    if (applied.skipped)
      console.out << "  skipped " << count(applied.skipped, "unit") << " that the process does not hold\n";
    for (const std::string &note : applied.notes)
      console.out << "  note: " << printable(note) << '\n';
    console.out.flush();
  }
  if (!late)
    return kDone;
  console.complain(what + ": time-out after " + seconds_text(options.timeout) + ", " +
                   std::to_string(update.threads_moved) + " of " + count(update.threads_total, "thread") +
                   " moved; the change stays and the others follow as they can");
  for (const std::string &line : describe_behind(outcome.settlement))
    console.complain("  " + line);
  return kTimeout;
}

Json to_json(const ChangeOutcome &outcome) {
  const Applied &applied = outcome.applied;
  Json json = {{"id", applied.id},
               {"view", applied.view},
               {"apply_us", applied.apply_us},
               {"functions", applied.functions},
               {"images", applied.images},
               {"skipped", applied.skipped},
               {"notes", applied.notes}};
  if (!outcome.waited)
    return json;
  const Json update = to_json(outcome.settlement.update);
  for (const char *field : {"state", "threads_total", "threads_moved", "settle_us"})
    json[field] = update[field];
  json["settled"] = outcome.settlement.settled;
  json["held_up"] = Json::array();
  for (const ThreadStatus &thread : outcome.settlement.behind)
    json["held_up"].push_back(to_json(thread));
  return json;
}

} // namespace wfp::control
