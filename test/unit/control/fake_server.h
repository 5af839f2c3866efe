// Stands in for the control thread of a process: speaks the protocol as each test tells it to, from this very process,
// so that the commands under test can be pointed at getpid().
#pragma once

#include "control/command.h"

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace wfp::control::test {

struct Request {
  Row row;
  std::string raw;          // the packet as it came
  std::string file_content; // of the descriptor that came along, if any
  bool has_file = false;
};

// What the server does with a request: packets to send as they are, then perhaps something rude.
struct Answer {
  std::vector<std::string> packets;
  enum { kKeepOpen, kClose } then = kKeepOpen;
};

Answer reply(std::vector<Row> rows); // in one packet, with "end"
Answer refuse(const std::string &message);
Answer silence();
Answer hang_up();
Row hello();

class FakeServer {
public:
  using Handler = std::function<Answer(const Request &)>;

  // Answers "hello" itself, everything else through `handler`.  Listens on @wfpatch/<pid>, by default our own.
  explicit FakeServer(Handler handler, pid_t name = 0);
  ~FakeServer();

  void answer_hello(Answer answer) { hello_answer = std::move(answer); } // before the first connection
  std::vector<Request> requests();                                       // those that the handler has seen

private:
  void serve();
  void serve_client(int client);

  Handler handler;
  Answer hello_answer = reply({hello()});
  int listener = -1;
  int stop[2] = {-1, -1}; // a pipe that wakes the thread up
  std::mutex mutex;
  std::vector<Request> seen;
  std::thread thread;
};

// A process with one thread that does not move until the `looks`-th status request.
class FakeProcess {
public:
  std::string moving = "moving", state = "settled"; // of the update until then, and from then on
  int looks = 1;                                    // status requests until it settles; negative: never
  std::string held_by = "handle_request";
  Answer operator()(const Request &request);

private:
  int asked = 0;
};

inline const std::string kId(64, 'a');

// Runs "wfpatch ARGUMENTS..." in this process.
struct Outcome {
  int code = -1;
  std::string out, err;
  Json json() const { return Json::parse(out); }
};
Outcome run(std::vector<std::string> arguments, bool terminal = false);

// A process of its own, forked while this one has a single thread, that runs `body` after it said that it is ready; killed when the object goes.
class Child {
public:
  // `prepare` may fail by returning false: then ready() is false and the test should be skipped.
  Child(const std::function<bool()> &prepare, const std::function<void()> &body);
  ~Child();
  Child(const Child &) = delete;
  pid_t pid() const { return id; }
  bool ready() const { return is_ready; }

private:
  pid_t id = -1;
  bool is_ready = false;
};

// Runs the command as built, in a process of user `uid`.
Outcome run_as(uid_t uid, const std::vector<std::string> &arguments);

// A file that lives as long as the object.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &content, const std::string &name = "fix.wfp");
  ~TemporaryFile();
  const std::string &path() const { return file; }

private:
  std::string folder, file;
};

inline const std::string kElf = std::string("\x7f"
                                            "ELF",
                                            4) +
                                std::string(60, '\0');

} // namespace wfp::control::test
