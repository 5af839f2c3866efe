// A process knows its numbers in its own PID namespace, which need not be ours: its PID is not taken from the reply,
// and the ids of its threads are translated.  Its program's path is taken from /proc where we may read it.
#include "control/replies.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace wfp::control {

namespace {

const Row &find_row(const std::vector<Row> &rows, std::string_view kind) {
  auto row = std::find_if(rows.begin(), rows.end(), [&](const Row &candidate) { return candidate.kind == kind; });
  if (row == rows.end())
    throw Malformed("no row '" + std::string(kind) + "'");
  return *row;
}

// One of the words that the protocol allows there.
std::string word(const Row &row, std::string_view field, std::initializer_list<std::string_view> allowed) {
  std::string value = row.text(field);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    throw Malformed(std::string(field) + "= of row '" + row.kind + "' is none of the known words");
  return value;
}

std::string required_id(const Row &row) {
  std::string id = row.text("id");
  if (id.empty() || id.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Malformed("id= of row '" + row.kind + "' is not a hexadecimal id");
  return id;
}

UpdateStatus parse_update(const Row &row) {
  UpdateStatus update;
  update.id = required_id(row);
  update.file = row.text("file");
  update.state = word(row, "state", {"moving", "settled", "reverted"});
  update.functions = row.required_number("functions");
  update.threads_total = row.required_number("threads_total");
  update.threads_moved = row.required_number("threads_moved");
  update.apply_us = row.required_number("apply_us");
  update.settle_us = row.number("settle_us");
  update.view = row.required_number("view");
  return update;
}

ThreadStatus parse_thread(const Row &row) {
  ThreadStatus thread;
  thread.tid = static_cast<pid_t>(row.required_number("tid"));
  thread.name = row.text("name");
  thread.view = row.required_number("view");
  thread.state = word(row, "state", {"running", "parked", "unknown"});
  thread.held_by = row.text("held_by");
  return thread;
}

StackStatus parse_stack(const Row &row) {
  StackStatus stack;
  stack.low = row.text("low");
  stack.size = row.required_number("size");
  stack.view = row.required_number("view");
  stack.state = word(row, "state", {"running", "suspended"});
  stack.held_by = row.text("held_by");
  return stack;
}

} // namespace

const UpdateStatus *ProcessStatus::find(const std::string &id) const {
  auto update = std::find_if(updates.begin(), updates.end(), [&](const UpdateStatus &each) { return each.id == id; });
  return update == updates.end() ? nullptr : &*update;
}

Applied parse_applied(const std::vector<Row> &rows) {
  const Row &row = find_row(rows, "applied");
  Applied applied;
  applied.id = required_id(row);
  applied.view = row.required_number("view");
  applied.apply_us = row.required_number("apply_us");
  applied.functions = row.number("functions").value_or(0);
  applied.images = row.number("images").value_or(0);
  applied.skipped = row.number("skipped").value_or(0);
  for (std::string &note : row.all("note"))
    if (!note.empty())
      applied.notes.push_back(std::move(note));
  return applied;
}

ProcessStatus parse_status(const std::vector<Row> &rows, const ProcessInfo &process) {
  const Row &head = find_row(rows, "process");
  ProcessStatus status;
  status.pid = process.pid;
  status.exe = process.exe.starts_with('/') ? process.exe : head.text("exe");
  status.version = head.text("version");
  status.view = head.required_number("view");
  for (const Row &row : rows) {
    if (row.kind == "update")
      status.updates.push_back(parse_update(row));
    else if (row.kind == "thread")
      status.threads.push_back(parse_thread(row));
    else if (row.kind == "stack")
      status.stacks.push_back(parse_stack(row));
  }
  if (process.innermost_pid != process.pid) {
    std::map<pid_t, pid_t> ids = thread_ids(process);
    for (ThreadStatus &thread : status.threads)
      if (auto id = ids.find(thread.tid); id != ids.end())
        thread.tid = id->second;
  }
  return status;
}

ProcessStatus fetch_status(const ProcessInfo &process, Deadline deadline) {
  Connection connection = Connection::open(process, deadline);
  std::vector<Row> rows = connection.request(Row{"status", {}}, deadline);
  return interpret(process, [&] { return parse_status(rows, process); });
}

Json to_json(const UpdateStatus &update) {
  Json json = {{"id", update.id},
               {"file", update.file},
               {"state", update.state},
               {"functions", update.functions},
               {"threads_total", update.threads_total},
               {"threads_moved", update.threads_moved},
               {"apply_us", update.apply_us},
               {"settle_us", nullptr},
               {"view", update.view}};
  if (update.settle_us)
    json["settle_us"] = *update.settle_us;
  return json;
}

Json to_json(const ThreadStatus &thread) {
  Json json = {{"tid", thread.tid}, {"name", thread.name}, {"view", thread.view}, {"state", thread.state}};
  json["held_by"] = thread.held_by.empty() ? Json(nullptr) : Json(thread.held_by);
  return json;
}

Json to_json(const StackStatus &stack) {
  Json json = {{"low", stack.low}, {"size", stack.size}, {"view", stack.view}, {"state", stack.state}};
  json["held_by"] = stack.held_by.empty() ? Json(nullptr) : Json(stack.held_by);
  return json;
}

Json to_json(const ProcessStatus &status) {
  Json json = {{"pid", status.pid}, {"exe", status.exe}, {"version", status.version}, {"view", status.view}};
  json["threads"] = Json::array();
  for (const ThreadStatus &thread : status.threads)
    json["threads"].push_back(to_json(thread));
  json["stacks"] = Json::array();
  for (const StackStatus &stack : status.stacks)
    json["stacks"].push_back(to_json(stack));
  json["updates"] = Json::array();
  for (const UpdateStatus &update : status.updates)
    json["updates"].push_back(to_json(update));
  return json;
}

} // namespace wfp::control
