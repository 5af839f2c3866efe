#include "test/unit/control/fake_server.h"

#include "format/protocol.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace wfp::control::test {

Answer reply(std::vector<Row> rows) {
  std::string packet;
  for (const Row &row : rows)
    packet += encode(row);
  return {{packet + "end\n"}};
}

Answer refuse(const std::string &message) { return {{encode(Row{"error", {{"message", message}}})}}; }
Answer silence() { return {}; }
Answer hang_up() { return {{}, Answer::kClose}; }

Row hello() {
  return Row{
      "hello",
      {{"version", "9.9"}, {"pid", "1"}, {"exe", "/fake"}, {"protocol", std::to_string(format::kProtocolVersion)}}};
}

FakeServer::FakeServer(Handler handler, pid_t name) : handler(std::move(handler)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string text = format::kSocketPrefix + std::to_string(name ? name : getpid());
  std::memcpy(address.sun_path + 1, text.data(), text.size());
  listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), size) != 0 || listen(listener, 8) != 0 ||
      pipe2(stop, O_CLOEXEC) != 0)
    std::abort();
  thread = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
  close(stop[1]);
  thread.join();
  close(stop[0]);
  close(listener);
}

std::vector<Request> FakeServer::requests() {
  std::lock_guard lock(mutex);
  return seen;
}

void FakeServer::serve() {
  for (;;) {
    pollfd events[2] = {{listener, POLLIN, 0}, {stop[0], POLLIN, 0}};
    poll(events, 2, -1);
    if (events[1].revents)
      return;
    int client = accept(listener, nullptr, nullptr);
    serve_client(client);
    close(client);
  }
}

void FakeServer::serve_client(int client) {
  for (;;) {
    pollfd events[2] = {{client, POLLIN, 0}, {stop[0], POLLIN, 0}};
    poll(events, 2, -1);
    if (events[1].revents)
      return;
    Request request;
    request.raw.resize(format::kMaxRequestBytes);
    iovec part = {request.raw.data(), request.raw.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t size = recvmsg(client, &message, MSG_CMSG_CLOEXEC);
    if (size <= 0)
      return;
    request.raw.resize(static_cast<std::size_t>(size));
    if (const cmsghdr *header = CMSG_FIRSTHDR(&message)) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header), sizeof(int));
      char buffer[4096];
      ssize_t length = read(fd, buffer, sizeof(buffer));
      request.has_file = true;
      request.file_content.assign(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
      close(fd);
    }
    std::vector<Row> rows;
    decode(request.raw, rows);
    request.row = rows.at(0);
    Answer answer;
    if (request.row.kind == "hello") {
      answer = hello_answer;
    } else {
      {
        std::lock_guard lock(mutex);
        seen.push_back(request);
      }
      answer = handler(request);
    }
    for (const std::string &packet : answer.packets)
      send(client, packet.data(), packet.size(), MSG_NOSIGNAL);
    if (answer.then == Answer::kClose)
      return;
  }
}

Answer FakeProcess::operator()(const Request &request) {
  if (request.row.kind == "apply" || request.row.kind == "revert")
    return reply({Row{"applied",
                      {{"id", kId},
                       {"view", "1"},
                       {"apply_us", "312"},
                       {"functions", "5"},
                       {"images", "1"},
                       {"skipped", "2"},
                       {"note", "first"},
                       {"note", "second"}}}});
  const bool settled = looks >= 0 && ++asked >= looks;
  return reply({Row{"process", {{"pid", "1"}, {"exe", "/fake"}, {"version", "9.9"}, {"view", "1"}}},
                Row{"update",
                    {{"id", kId},
                     {"file", "fix.wfp"},
                     {"state", settled ? state : moving},
                     {"functions", "5"},
                     {"threads_total", "2"},
                     {"threads_moved", settled ? "2" : "1"},
                     {"apply_us", "312"},
                     {"settle_us", settled ? "4100" : ""},
                     {"view", "1"}}},
                Row{"thread", {{"tid", "100"}, {"name", "main"}, {"view", "1"}, {"state", "parked"}, {"held_by", ""}}},
                Row{"thread",
                    {{"tid", "101"},
                     {"name", "worker"},
                     {"view", settled ? "1" : "0"},
                     {"state", "running"},
                     {"held_by", settled ? "" : held_by}}}});
}

Outcome run(std::vector<std::string> arguments, bool terminal) {
  std::ostringstream out, err;
  Console console(out, err);
  console.out_is_terminal = console.err_is_terminal = terminal;
  int code = run_command(std::move(arguments), console);
  return {code, out.str(), err.str()};
}

Child::Child(const std::function<bool()> &prepare, const std::function<void()> &body) {
  int ready_pipe[2];
  if (pipe2(ready_pipe, O_CLOEXEC) != 0)
    std::abort();
  id = fork();
  if (id == 0) {
    if (!prepare())
      _exit(1);
    if (write(ready_pipe[1], "+", 1) != 1)
      _exit(1);
    body();
    _exit(0);
  }
  close(ready_pipe[1]);
  char sign;
  is_ready = read(ready_pipe[0], &sign, 1) == 1;
  close(ready_pipe[0]);
}

Child::~Child() {
  kill(id, SIGKILL);
  waitpid(id, nullptr, 0);
}

namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t length; (length = read(fd, buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(length));
  close(fd);
  return text;
}

} // namespace

Outcome run_as(uid_t uid, const std::vector<std::string> &arguments) {
  // Through a descriptor: the user may have no way into the build folder.
  int command = open(WFPATCH_COMMAND, O_PATH | O_CLOEXEC);
  int out[2], err[2];
  if (command < 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    std::abort();
  std::string name = "wfpatch", empty;
  std::vector<std::string> copies = arguments;
  std::vector<char *> argv = {name.data()};
  for (std::string &argument : copies)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = fork();
  if (child == 0) {
    // Other threads were not copied and may have held any lock: system calls only.
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (syscall(SYS_setresgid, uid, uid, uid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0)
      syscall(SYS_execveat, command, empty.c_str(), argv.data(), environ, AT_EMPTY_PATH);
    _exit(99);
  }
  close(command);
  close(out[1]);
  close(err[1]);
  Outcome outcome;
  outcome.out = read_all(out[0]);
  outcome.err = read_all(err[0]);
  int status = 0;
  waitpid(child, &status, 0);
  outcome.code = WEXITSTATUS(status);
  return outcome;
}

TemporaryFile::TemporaryFile(const std::string &content, const std::string &name) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wfpatch-test-XXXXXX").string();
  folder = mkdtemp(pattern.data());
  file = folder + "/" + name;
  std::ofstream(file, std::ios::binary) << content;
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove_all(folder); }

} // namespace wfp::control::test
