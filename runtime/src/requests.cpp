#include "runtime/src/requests.h"

#include "runtime/src/base/sys.h"
#include "runtime/src/control.h"
#include "runtime/src/image.h"
#include "runtime/src/interpose.h"
#include "runtime/src/log.h"
#include "runtime/src/mover.h"
#include "runtime/src/pending.h"
#include "runtime/src/proc.h"
#include "runtime/src/protocol.h"
#include "runtime/src/signal_entry.h"
#include "runtime/src/updater.h"
#include "runtime/src/version.h"

#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace wfp {

namespace {

// ---- receiving

// Takes the descriptor out of a message's ancillary data, closing any further ones.
int take_descriptor(msghdr &message) {
  int taken = -1;
  for (cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int file;
      std::memcpy(&file, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      if (taken < 0)
        taken = file;
      else
        sys::call(SYS_close, file);
    }
  }
  return taken;
}

char packet[format::kMaxRequestBytes + 1];

// The packet's size; 0 when the client is gone.
std::size_t receive(long client, int &file, bool &truncated) {
  iovec part{packet, sizeof(packet) - 1};
  alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  long size = sys::call(SYS_recvmsg, client, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size <= 0)
    return 0;
  file = take_descriptor(message);
  truncated = message.msg_flags & MSG_TRUNC;
  packet[size] = '\0';
  return static_cast<std::size_t>(size);
}

// ---- apply and revert

[[nodiscard]] bool read_options(const Request &request, ApplyOptions &options, Arena &arena, Message &why) {
  const char *mode = request.value("mode", "wait-free");
  options.barrier = std::strcmp(mode, "barrier") == 0;
  if (!options.barrier && std::strcmp(mode, "wait-free") != 0) {
    why << "unknown mode " << mode;
    return false;
  }
  options.timeout_ms = 0;
  for (const char *digit = request.value("timeout_ms", "10000"); *digit; ++digit) {
    if (*digit < '0' || *digit > '9' || options.timeout_ms > 86'400'000) {
      why << "timeout_ms is not a number of milliseconds up to a day";
      return false;
    }
    options.timeout_ms = options.timeout_ms * 10 + static_cast<unsigned>(*digit - '0');
  }
  options.file = request.value("file", "");
  Vec<const char *> names(arena);
  for (std::size_t i = 0; i < request.count; ++i)
    if (std::strcmp(request.fields[i].name, "allow_active") == 0 && !names.push_back(request.fields[i].value)) {
      why << "out of memory";
      return false;
    }
  options.allow_active = names.begin();
  options.allow_active_count = static_cast<std::uint32_t>(names.size());
  return true;
}

void send_error(Reply &reply, const char *what, const Message &why) {
  log_event(what, why.c_str());
  reply.row("error").field("message", why.c_str()).end_row();
}

void send_applied(Reply &reply, const AppliedUpdate &update) {
  FixedText<65> id;
  id.hex_bytes(update.linked.id, 32);
  reply.row("applied")
      .field("id", id.c_str())
      .field("file", update.linked.file)
      .field("view", published_number())
      .field("apply_us", update.apply_us)
      .field("functions", update.changes.size())
      .field("images", update.linked.images.size())
      .field("skipped", update.linked.skipped_units)
      .end_row();
  reply.row("end").end_row();
}

void apply(const Request &request, Reply &reply) {
  Message why;
  Arena arena;
  ApplyOptions options;
  AppliedUpdate *update = nullptr;
  bool done = false;
  if (request.file < 0)
    why << "no file came with the request";
  else if (read_options(request, options, arena, why))
    done = apply_update(request.file, options, update, why);
  if (!done)
    return send_error(reply, "refused: ", why);
  log_event("applied ", update->linked.file);
  (void)move_threads(); // at once: whoever is parked has moved when the client hears of it
  send_applied(reply, *update);
}

void revert(const Request &request, Reply &reply) {
  Message why;
  Arena arena;
  ApplyOptions options;
  AppliedUpdate *update = nullptr;
  bool done = false;
  if (read_options(request, options, arena, why))
    done = revert_update(request.value("update", ""), options, update, why);
  if (!done)
    return send_error(reply, "not reverted: ", why);
  log_event("reverted ", update->linked.file);
  (void)move_threads();
  send_applied(reply, *update);
}

// ---- status

struct StatusContext {
  Reply &reply;
  bool rows;             // send a row for each thread
  std::uint64_t view;    // count threads that have reached it
  std::uint64_t total, moved;
  bool stacks; // there are some
};

bool there_are_stacks() {
  return !visit_stacks([](void *, ThreadRecord &) { return false; }, nullptr);
}

// Of stacks only those that are behind: there may be thousands.
bool stack_for_status(void *context, ThreadRecord &stack) {
  std::uint64_t now = stack.state.load(std::memory_order_acquire);
  std::uint64_t view = view_number(state::view(now));
  if (view == published_number())
    return true;
  const char *held_by = stack.held_by.load(std::memory_order_relaxed);
  FixedText<32> low;
  std::uintptr_t begin = stack.stack_low.load(std::memory_order_relaxed);
  low.hex(begin);
  static_cast<StatusContext *>(context)
      ->reply.row("stack")
      .field("low", low.c_str())
      .field("size", static_cast<unsigned long long>(stack.stack_top.load(std::memory_order_relaxed) - begin))
      .field("view", view)
      .field("state", now & state::kParked ? "suspended" : "running")
      .field("held_by", held_by ? held_by : "")
      .end_row();
  return true;
}

// A thread that is neither parked nor running: it is in a wait that is not interposed.
void say_where_it_waits(int tid, TextSink &text) {
  FixedText<64> where;
  task_wait(tid, where);
  if (!where.size())
    return;
  text << "(waits in " << where.c_str() << ", unseen by the runtime";
  const char *library = wfp_earlier_library();
  if (library && std::strncmp(where.c_str(), "io_", 3) == 0) // liburing's and libaio's
    text << ": link libwfpatch.so before " << library;
  text << ")";
}

void say_what_holds(const ThreadRecord *record, int tid, TextSink &text) {
  const char *function = record ? record->held_by.load(std::memory_order_relaxed) : nullptr;
  if (function)
    text << function;
  else if (int signal = foreign_handler())
    text << "(a handler of signal " << signal << " that a raw system call installed)";
  else if (!record || !(record->state.load(std::memory_order_relaxed) & state::kParked))
    say_where_it_waits(tid, text);
}

// The stack of the program's making that the thread is on, if any.
ThreadRecord *stack_of(int tid) {
  struct Search {
    int tid;
    ThreadRecord *found;
  } search{tid, nullptr};
  (void)visit_stacks([](void *context, ThreadRecord &stack) {
    auto &search = *static_cast<Search *>(context);
    if (stack.on_thread.load(std::memory_order_relaxed) == search.tid &&
        !(stack.state.load(std::memory_order_relaxed) & state::kParked))
      search.found = &stack;
    return !search.found;
  }, &search);
  return search.found;
}

bool visit_for_status(void *context, int tid, ThreadRecord *record) {
  auto &status = *static_cast<StatusContext *>(context);
  if (record && status.stacks)
    if (ThreadRecord *stack = stack_of(tid))
      record = stack;
  std::uint64_t now = record ? record->state.load(std::memory_order_acquire) : 0;
  std::uint64_t view = view_number(state::view(now));
  ++status.total;
  status.moved += record && view >= status.view;
  if (!status.rows)
    return true;
  FixedText<64> name;
  task_name(tid, name);
  FixedText<512> held_by;
  if (view != published_number())
    say_what_holds(record, tid, held_by);
  status.reply.row("thread")
      .field("tid", static_cast<unsigned long long>(tid))
      .field("name", name.c_str())
      .field("view", view)
      .field("state", !record ? "unknown" : now & state::kParked ? "parked" : "running")
      .field("held_by", held_by.c_str())
      .end_row();
  return true;
}

void send_update(Reply &reply, const AppliedUpdate &update) {
  StatusContext threads{reply, false, update.view, 0, 0, there_are_stacks()};
  (void)visit_tasks(visit_for_status, &threads);
  FixedText<65> id;
  id.hex_bytes(update.linked.id, 32);
  static const char *const states[] = {"moving", "settled", "reverted"};
  reply.row("update")
      .field("id", id.c_str())
      .field("file", update.linked.file)
      .field("state", states[static_cast<int>(update.state)])
      .field("functions", update.changes.size())
      .field("threads_total", threads.total)
      .field("threads_moved", threads.moved)
      .field("apply_us", update.apply_us)
      .field("view", update.view);
  if (update.settle_us)
    reply.field("settle_us", update.settle_us);
  else
    reply.field("settle_us", "");
  reply.end_row();
}

void status(Reply &reply) {
  FixedText<4200> exe;
  program_path(exe);
  reply.row("process")
      .field("pid", static_cast<unsigned long long>(sys::call(SYS_getpid)))
      .field("exe", exe.c_str())
      .field("version", kRuntimeVersion)
      .field("view", published_number())
      .end_row();
  for (const AppliedUpdate *update = first_update(); update; update = update->next)
    send_update(reply, *update);
  StatusContext threads{reply, true, 0, 0, 0, there_are_stacks()};
  (void)visit_tasks(visit_for_status, &threads);
  (void)visit_stacks(stack_for_status, &threads);
  reply.row("end").end_row();
}

void hello(Reply &reply) {
  FixedText<4200> exe;
  program_path(exe);
  reply.row("hello")
      .field("version", kRuntimeVersion)
      .field("pid", static_cast<unsigned long long>(sys::call(SYS_getpid)))
      .field("exe", exe.c_str())
      .field("protocol", static_cast<unsigned long long>(format::kProtocolVersion))
      .end_row();
  reply.row("end").end_row();
}

void answer(const Request &request, Reply &reply) {
  const char *kind = request.kind;
  if (std::strcmp(kind, "apply") == 0)
    return apply(request, reply);
  if (std::strcmp(kind, "revert") == 0)
    return revert(request, reply);
  if (std::strcmp(kind, "status") == 0)
    return status(reply);
  if (std::strcmp(kind, "hello") == 0)
    return hello(reply);
  Message why;
  why << "this runtime (" << kRuntimeVersion << ") knows no request '" << kind << "'";
  send_error(reply, "unknown request: ", why);
}

} // namespace

void refuse_client(long client, const char *message) {
  Reply reply(client);
  reply.row("error").field("message", message).end_row();
  reply.flush();
}

bool serve_request(long client) {
  Request request;
  bool truncated = false;
  std::size_t size = receive(client, request.file, truncated);
  if (size == 0)
    return false;
  Message why;
  Reply reply(client);
  if (truncated)
    why << "a request of more than " << format::kMaxRequestBytes << " bytes";
  bool valid = !truncated && parse_request(packet, size, request, why);
  if (valid)
    answer(request, reply);
  else
    send_error(reply, "bad request: ", why);
  reply.flush();
  if (request.file >= 0)
    sys::call(SYS_close, request.file);
  return valid && !reply.failed();
}

} // namespace wfp
