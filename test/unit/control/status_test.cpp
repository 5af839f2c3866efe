// wfpatch status and list, and the command line around all of them.
#include "control/errors.h"
#include "test/unit/control/fake_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

namespace wfp::control::test {
namespace {

std::string self() { return std::to_string(getpid()); }

TEST(Status, TablesForPeople) {
  FakeProcess process;
  process.looks = -1;
  FakeServer server(std::ref(process));
  Outcome outcome = run({"status", self()});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out, "process " + self() + " " + describe_process(getpid()).exe + ", view 1, runtime 9.9\n\n" +
                             "UPDATE        FILE     STATE   VIEW  FUNCTIONS  THREADS  APPLIED IN  SETTLED IN\n"
                             "aaaaaaaaaaaa  fix.wfp  moving  1     5          1/2      312 us      -\n\n"
                             "THREAD  NAME    VIEW  STATE    HELD UP BY\n"
                             "100     main    1     parked   -\n"
                             "101     worker  0     running  handle_request\n");
}

TEST(Status, JsonHasTheDocumentedFields) {
  FakeProcess process;
  process.looks = 2;
  FakeServer server(std::ref(process));
  Json json = run({"status", self(), "--json"}).json();
  EXPECT_EQ(json["pid"], getpid());
  EXPECT_EQ(json["exe"], describe_process(getpid()).exe);
  EXPECT_EQ(json["view"], 1);
  EXPECT_EQ(json["threads"], Json::parse(R"([{"tid":100,"name":"main","view":1,"state":"parked","held_by":null},
                                             {"tid":101,"name":"worker","view":0,"state":"running","held_by":"handle_request"}])"));
  EXPECT_EQ(json["updates"], Json::parse(R"([{"id":")" + kId + R"(","file":"fix.wfp","state":"moving","functions":5,
    "threads_total":2,"threads_moved":1,"apply_us":312,"settle_us":null,"view":1}])"));
  json = run({"status", self(), "--json"}).json();
  EXPECT_EQ(json["updates"][0]["state"], "settled");
  EXPECT_EQ(json["updates"][0]["settle_us"], 4100);
}

TEST(Status, NamesOfThreadsAreBytes) {
  FakeServer server([](const Request &) {
    return reply({Row{"process", {{"pid", "1"}, {"exe", "/x"}, {"version", ""}, {"view", "0"}}},
                  Row{"thread", {{"tid", "7"}, {"name", "a\xff\x1b[2J\n"}, {"view", "0"}, {"state", "unknown"}}}});
  });
  Outcome machine = run({"status", self(), "--json"});
  EXPECT_EQ(machine.json()["threads"][0]["name"], "a\xef\xbf\xbd\x1b[2J\n"); // U+FFFD for what is not UTF-8
  Outcome people = run({"status", self()});
  EXPECT_NE(people.out.find("a\xff?[2J?  0     unknown  -\n"), std::string::npos) << people.out;
}

TEST(Status, WatchesUntilTheProcessIsGone) {
  int asked = 0;
  FakeProcess process;
  FakeServer server([&](const Request &request) { return ++asked <= 3 ? process(request) : hang_up(); });
  Outcome outcome = run({"status", self(), "--watch", "--interval", "0.01", "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  std::istringstream lines(outcome.out);
  int documents = 0;
  for (std::string line; std::getline(lines, line); ++documents)
    EXPECT_TRUE(Json::parse(line).contains(documents < 3 ? "view" : "error")) << line;
  EXPECT_EQ(documents, 4);
}

TEST(Status, WatchRedrawsATerminal) {
  int asked = 0;
  FakeProcess process;
  FakeServer server([&](const Request &request) { return ++asked <= 2 ? process(request) : refuse("enough"); });
  Outcome outcome = run({"status", self(), "-w", "--interval", "0.01"}, /*terminal=*/true);
  EXPECT_TRUE(outcome.out.starts_with("\x1b[H\x1b[2Jprocess ")) << outcome.out;
  EXPECT_NE(outcome.out.rfind("\x1b[H\x1b[2J"), 0u);
}

TEST(List, ShowsWhatAnswersAndWhy) {
  std::unique_ptr<FakeServer> refusing;
  Child child(
      [&] {
        refusing = std::make_unique<FakeServer>([](const Request &) { return refuse("not today"); });
        return true;
      },
      [] { pause(); });
  ASSERT_TRUE(child.ready());
  FakeProcess process;
  process.looks = -1;
  FakeServer server(std::ref(process));
  Outcome outcome = run({"list", "--json"});
  EXPECT_EQ(outcome.code, kDone);
  int found = 0;
  const Json list = outcome.json();
  for (const Json &entry : list["processes"]) {
    if (entry["pid"] == getpid()) {
      ++found;
      EXPECT_EQ(entry["exe"], describe_process(getpid()).exe);
      EXPECT_EQ(entry["threads"], 2); // as the runtime counts
      EXPECT_EQ(entry["view"], 1);
      EXPECT_EQ(entry["updates"][0]["id"], kId);
    } else if (entry["pid"] == child.pid()) {
      ++found;
      EXPECT_EQ(entry["error"], describe_process(child.pid()).label() + ": not today");
      EXPECT_FALSE(entry.contains("view"));
    }
  }
  EXPECT_EQ(found, 2);

  outcome = run({"list"});
  EXPECT_NE(outcome.out.find("PID "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("1     1 (1 moving)\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("?     process " + std::to_string(child.pid())), std::string::npos) << outcome.out;
}

TEST(Usage, MistakesAreToldWithTheirCommandAndExitWith2) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "wfpatch: A subcommand is required\nTry 'wfpatch --help'.\n"},
      {{"apply", "x", "y.wfp"}, "wfpatch: pid: 'x' is not a process id\nTry 'wfpatch apply --help'.\n"},
      {{"apply", "12x", "y.wfp"}, "wfpatch: pid: '12x' is not a process id\nTry 'wfpatch apply --help'.\n"},
      {{"status", "0"}, "wfpatch: pid: '0' is not a process id\nTry 'wfpatch status --help'.\n"},
      {{"status", "99999999999"}, "wfpatch: pid: '99999999999' is not a process id\nTry 'wfpatch status --help'.\n"},
      {{"apply", "1"}, "wfpatch: update is required\nTry 'wfpatch apply --help'.\n"},
      {{"apply", "1", "y.wfp", "--mode=fast"},
       "wfpatch: --mode: 'fast' is neither wait-free nor barrier\nTry 'wfpatch apply --help'.\n"},
      {{"apply", "1", "y.wfp", "--timeout", "-1"},
       "wfpatch: --timeout: '-1' is not a number of seconds that makes sense here\nTry 'wfpatch apply --help'.\n"},
      {{"apply", "1", "y.wfp", "--timeout", "nan"},
       "wfpatch: --timeout: 'nan' is not a number of seconds that makes sense here\nTry 'wfpatch apply --help'.\n"},
  };
  for (const auto &[arguments, message] : cases) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.err, message);
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(run({"frobnicate"}).code, kUsage);
  EXPECT_EQ(run({"status", "1", "--frobnicate"}).code, kUsage);
  EXPECT_EQ(run({"revert", "1", "a", "b"}).code, kUsage);
}

TEST(Usage, HelpAndVersion) {
  Outcome help = run({"--help"});
  EXPECT_EQ(help.code, kDone);
  for (const char *command : {"list", "apply", "revert", "status", "inspect"}) {
    EXPECT_NE(help.out.find(command), std::string::npos);
    Outcome one = run({command, "--help"});
    EXPECT_EQ(one.code, kDone);
    EXPECT_NE(one.out.find("--json"), std::string::npos) << command;
  }
  EXPECT_EQ(run({"--version"}).out, "wfpatch " WFPATCH_VERSION "\n");
}

TEST(Output, Durations) {
  EXPECT_EQ(duration(0), "0 us");
  EXPECT_EQ(duration(999), "999 us");
  EXPECT_EQ(duration(1000), "1.0 ms");
  EXPECT_EQ(duration(2500000), "2.50 s");
}

} // namespace
} // namespace wfp::control::test
