// wfpatch apply and revert: what they send, how they wait, what they say, how they end.
#include "control/errors.h"
#include "test/unit/control/fake_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace wfp::control::test {
namespace {

const std::string kShortId(12, 'a');

std::string self() { return std::to_string(getpid()); }
std::string label() { return describe_process(getpid()).label(); }

Row update_row(const std::string &id, const std::string &file, const std::string &state,
               const std::string &view = "1") {
  return Row{"update",
             {{"id", id},
              {"file", file},
              {"state", state},
              {"functions", "1"},
              {"threads_total", "1"},
              {"threads_moved", "1"},
              {"apply_us", "9"},
              {"settle_us", "9"},
              {"view", view}}};
}

const Row kHead{"process", {{"pid", "1"}, {"exe", "/fake"}, {"version", "9.9"}, {"view", "1"}}};

TEST(Apply, SendsTheFileAndWaitsUntilItHasSettled) {
  FakeProcess process;
  process.looks = 3;
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf + "content");
  Outcome outcome = run({"apply", self(), update.path()});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, update.path() + " (" + kShortId + ") applied to " + label() +
                             ": 5 functions in 1 image, 312 us; 2 threads moved in 4.1 ms\n"
                             "  skipped 2 units that the process does not hold\n  note: first\n  note: second\n");
  std::vector<Request> requests = server.requests();
  ASSERT_EQ(requests.size(), 4u); // and three looks
  EXPECT_EQ(requests[0].raw, "apply\tfile=fix.wfp\tmode=wait-free\ttimeout_ms=30000\n");
  EXPECT_EQ(requests[0].file_content, kElf + "content");
  EXPECT_EQ(requests[3].row.kind, "status");
  EXPECT_FALSE(requests[3].has_file);
}

TEST(Apply, PassesItsOptionsOn) {
  FakeProcess process;
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--mode=barrier", "--timeout", "2.5", "--allow-active",
                         "event_loop", "--allow-active", "run()", "--no-wait"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_NE(outcome.out.find("312 us; threads are moving\n"), std::string::npos) << outcome.out;
  ASSERT_EQ(server.requests().size(), 1u); // --no-wait: no look
  EXPECT_EQ(server.requests()[0].raw,
            "apply\tfile=fix.wfp\tmode=barrier\ttimeout_ms=2500\tallow_active=event_loop\tallow_active=run()\n");
}

TEST(Apply, TellsAMachine) {
  FakeProcess process;
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  Json json = outcome.json();
  EXPECT_EQ(json["pid"], getpid());
  ASSERT_EQ(json["updates"].size(), 1u);
  const Json &applied = json["updates"][0];
  EXPECT_EQ(applied["file"], update.path());
  EXPECT_EQ(applied["id"], kId);
  EXPECT_EQ(applied["view"], 1);
  EXPECT_EQ(applied["state"], "settled");
  EXPECT_EQ(applied["settled"], true);
  EXPECT_EQ(applied["settle_us"], 4100);
  EXPECT_EQ(applied["skipped"], 2);
  EXPECT_EQ(applied["notes"], (Json{"first", "second"}));
  EXPECT_EQ(applied["held_up"], Json::array());
}

TEST(Apply, ATimeoutNamesThreadAndFunction) {
  FakeProcess process;
  process.looks = -1;
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--timeout", "0.02", "--json"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_EQ(outcome.err, "wfpatch: " + update.path() +
                             ": time-out after 0.02 s, 1 of 2 threads moved; the change stays and the others follow as "
                             "they can\nwfpatch:   held up: worker (tid 101) in handle_request\n");
  Json applied = outcome.json()["updates"][0];
  EXPECT_EQ(applied["settled"], false);
  EXPECT_EQ(applied["held_up"][0]["tid"], 101);
  EXPECT_EQ(applied["held_up"][0]["held_by"], "handle_request");
}

TEST(Apply, ATimeoutWithoutAKnownCulprit) {
  FakeProcess process;
  process.looks = -1;
  process.held_by = "";
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--timeout=0"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_NE(outcome.err.find("held up: worker (tid 101), running\n"), std::string::npos) << outcome.err;
}

TEST(Apply, ShowsProgressOnATerminalOnly) {
  FakeProcess process;
  process.looks = 2;
  FakeServer server(std::ref(process));
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path()}, /*terminal=*/true);
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_NE(outcome.err.find("\r\x1b[K" + update.path() +
                             ": 1 of 2 threads moved; held up: worker (tid 101) in "
                             "handle_request"),
            std::string::npos)
      << outcome.err;
  EXPECT_TRUE(outcome.err.ends_with("\r\x1b[K")) << outcome.err; // and wipes it away
  process.looks = -1;
  outcome = run({"apply", self(), update.path(), "--timeout", "0.05"}, /*terminal=*/true);
  std::size_t first = outcome.err.find("1 of 2 threads moved; held up");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(outcome.err.find("1 of 2 threads moved; held up", first + 1), std::string::npos)
      << outcome.err; // written once
}

TEST(Apply, ARefusalIsOneLineAndNoMoreIsTried) {
  FakeServer server([](const Request &request) { return refuse(request.row.text("file") + ": parse: changed code"); });
  TemporaryFile first(kElf, "one.wfp"), second(kElf, "two.wfp"), third(kElf, "three.wfp");
  Outcome outcome = run({"apply", self(), first.path(), second.path(), third.path(), "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + first.path() + ": " + label() + ": one.wfp: parse: changed code\n" +
                             "wfpatch: not tried after that: 2 updates, from " + second.path() + " on\n");
  EXPECT_EQ(server.requests().size(), 1u);
  Json updates = outcome.json()["updates"];
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_EQ(updates[0]["error"], label() + ": one.wfp: parse: changed code");
}

TEST(Apply, SeveralFilesGoInOrderEachAfterTheOneBefore) {
  int applied = 0;
  const std::string ids[] = {std::string(64, '1'), std::string(64, '2')};
  FakeServer server([&](const Request &request) {
    if (request.row.kind == "apply") {
      ++applied;
      return reply({Row{"applied", {{"id", ids[applied - 1]}, {"view", std::to_string(applied)}, {"apply_us", "1"}}}});
    }
    std::vector<Row> rows = {kHead};
    for (int i = 0; i < applied; ++i)
      rows.push_back(update_row(ids[i], "x", "settled"));
    return reply(rows);
  });
  TemporaryFile first(kElf, "one.wfp"), second(kElf, "two.wfp");
  Outcome outcome = run({"apply", self(), first.path(), second.path()});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  std::vector<std::string> order;
  for (const Request &request : server.requests())
    order.push_back(request.row.kind == "apply" ? request.row.text("file") : request.row.kind);
  EXPECT_EQ(order, (std::vector<std::string>{"one.wfp", "status", "two.wfp", "status"}));
}

TEST(Apply, FilesAreLookedAtBeforeAnythingIsSent) {
  FakeServer server([](const Request &) { return silence(); });
  TemporaryFile good(kElf), text("#!/bin/sh\n", "script.wfp"), empty("", "empty.wfp");
  const std::string fifo = std::filesystem::path(good.path()).parent_path() / "fifo.wfp";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::string missing = good.path() + ".missing";
  const std::pair<std::string, std::string> cases[] = {
      {missing, "cannot open " + missing + ": No such file or directory"},
      {text.path(), text.path() + " is not an update (.wfp): it is no ELF file"},
      {empty.path(), empty.path() + " is not an update (.wfp): it is no ELF file"},
      {fifo, fifo + " is not a regular file"},
      {"/", "/ is not a regular file"},
  };
  for (const auto &[path, message] : cases) {
    Outcome outcome = run({"apply", self(), good.path(), path});
    EXPECT_EQ(outcome.code, kRefused);
    EXPECT_EQ(outcome.err, "wfpatch: " + message + "\n");
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(Apply, AFileThatIsTooLarge) {
  TemporaryFile huge(kElf);
  std::filesystem::resize_file(huge.path(), (std::uintmax_t(1) << 30) + 1); // sparse
  Outcome outcome = run({"apply", self(), huge.path()});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + huge.path() + " is too large for an update: 1073741825 bytes\n");
}

TEST(Apply, AFileThatMayNotBeRead) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root, to be somebody else";
  TemporaryFile update(kElf); // in a folder of mode 0700
  Outcome outcome = run_as(65534, {"apply", self(), update.path()});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: cannot open " + update.path() + ": Permission denied\n");
}

TEST(Apply, ARequestThatIsTooLongIsNotSent) {
  FakeServer server([](const Request &) { return silence(); });
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--allow-active", std::string(70000, 'f')});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_NE(outcome.err.find("the request is too long: "), std::string::npos) << outcome.err;
  EXPECT_TRUE(server.requests().empty());
}

TEST(Apply, SilenceAfterTheRequestLeavesTheOutcomeOpen) {
  FakeServer server([](const Request &) { return silence(); });
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--timeout", "0.01"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_EQ(outcome.err,
            "wfpatch: " + update.path() + ": " + label() +
                " did not answer in time; it has the request and may still carry it out: see 'wfpatch status " +
                self() + "'\n");
}

TEST(Apply, SilenceWhileThreadsMove) {
  FakeProcess process;
  FakeServer server([&](const Request &request) { return request.row.kind == "apply" ? process(request) : silence(); });
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", self(), update.path(), "--timeout", "0.01"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_NE(outcome.err.find(update.path() + ": published, but " + label() + " did not answer in time"),
            std::string::npos)
      << outcome.err;
}

TEST(Apply, AMalformedAnswer) {
  const std::pair<std::string, std::string> cases[] = {
      {"end\n", "no row 'applied'"},
      {"applied\tid=zz\tview=1\tapply_us=1\nend\n", "id= of row 'applied' is not a hexadecimal id"},
      {"applied\tid=aa\tapply_us=1\nend\n", "row 'applied' lacks view="},
      {"applied\tid=aa\tview=1\nend\n", "row 'applied' lacks apply_us="},
  };
  TemporaryFile update(kElf);
  for (const auto &[packet, message] : cases) {
    FakeServer server([packet = packet](const Request &) { return Answer{{packet}}; });
    Outcome outcome = run({"apply", self(), update.path()});
    EXPECT_EQ(outcome.code, kRefused);
    EXPECT_EQ(outcome.err, "wfpatch: " + update.path() + ": " + label() + " sent a malformed reply: " + message + "\n");
  }
}

TEST(Apply, AnUpdateThatVanishesOrIsRevertedMeanwhile) {
  TemporaryFile update(kElf);
  FakeProcess process;
  {
    FakeServer server(
        [&](const Request &request) { return request.row.kind == "apply" ? process(request) : reply({kHead}); });
    Outcome outcome = run({"apply", self(), update.path()});
    EXPECT_EQ(outcome.code, kRefused);
    EXPECT_NE(outcome.err.find("no longer lists update " + kShortId), std::string::npos) << outcome.err;
  }
  process.state = "reverted";
  FakeServer server(std::ref(process));
  Outcome outcome = run({"apply", self(), update.path()});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_NE(outcome.err.find("update " + kShortId + " has been reverted meanwhile"), std::string::npos) << outcome.err;
}

// ---- revert

// A process with these updates; a revert is answered and done at once.
struct Updates {
  std::vector<Row> rows;
  Answer operator()(const Request &request) {
    if (request.row.kind == "revert") {
      for (Row &row : rows)
        if (row.text("id") == request.row.text("update"))
          row.fields[2].second = "reverted";
      return reply({Row{"applied",
                        {{"id", request.row.text("update")},
                         {"view", "2"},
                         {"apply_us", "8"},
                         {"functions", "1"},
                         {"images", "1"}}}});
    }
    std::vector<Row> all = {kHead};
    all.insert(all.end(), rows.begin(), rows.end());
    return reply(all);
  }
};

const std::string kFirst = "11" + std::string(62, '0'), kSecond = "12" + std::string(62, '0');

Updates two_updates() {
  return {{update_row(kFirst, "one.wfp", "settled", "1"), update_row(kSecond, "two.wfp", "settled", "2")}};
}

std::string reverted_by(const std::vector<std::string> &arguments, Updates updates = two_updates()) {
  FakeServer server(updates);
  std::vector<std::string> all = {"revert", self()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  Outcome outcome = run(all);
  if (outcome.code != kDone)
    return outcome.err;
  for (const Request &request : server.requests())
    if (request.row.kind == "revert")
      return request.raw;
  return "nothing sent";
}

TEST(Revert, TakesTheNewestOrTheNamedOne) {
  auto sent = [](const std::string &id) { return "revert\tupdate=" + id + "\tmode=wait-free\ttimeout_ms=30000\n"; };
  EXPECT_EQ(reverted_by({}), sent(kSecond));
  EXPECT_EQ(reverted_by({"11"}), sent(kFirst));
  EXPECT_EQ(reverted_by({kFirst}), sent(kFirst));
  EXPECT_EQ(reverted_by({"one.wfp"}), sent(kFirst));
  EXPECT_EQ(reverted_by({"/some/where/one.wfp"}), sent(kFirst));
  // Applied again after two.wfp, it is the newest.
  EXPECT_EQ(reverted_by({}, {{update_row(kFirst, "a", "settled", "4"), update_row(kSecond, "b", "settled", "2")}}),
            sent(kFirst));
  // A reverted one is passed over.
  EXPECT_EQ(reverted_by({}, {{update_row(kFirst, "a", "settled"), update_row(kSecond, "b", "reverted")}}),
            sent(kFirst));
}

TEST(Revert, RefusesWhatItCannotTell) {
  EXPECT_EQ(reverted_by({"1"}),
            "wfpatch: " + label() + ": 1 may mean one.wfp (110000000000), two.wfp (120000000000)\n");
  EXPECT_EQ(reverted_by({"f"}), "wfpatch: " + label() + " has no update f\n");
  EXPECT_EQ(reverted_by({}, {}), "wfpatch: " + label() + " has no update to revert\n");
  EXPECT_EQ(reverted_by({"a"}, {{update_row(kFirst, "a", "reverted")}}),
            "wfpatch: " + label() + ": reverted already: a\n");
}

TEST(Revert, SaysWhatItDid) {
  FakeServer server(two_updates());
  Outcome outcome = run({"revert", self(), "two.wfp"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out, "two.wfp (120000000000) reverted in " + label() +
                             ": 1 function in 1 image, 8 us; 1 thread moved in 9 us\n");
}

TEST(Revert, TellsAMachine) {
  FakeServer server(two_updates());
  Json json = run({"revert", self(), "--json"}).json();
  EXPECT_EQ(json["pid"], getpid());
  EXPECT_EQ(json["updates"][0]["id"], kSecond);
  EXPECT_EQ(json["updates"][0]["file"], "two.wfp");
  EXPECT_EQ(json["updates"][0]["state"], "reverted");
  EXPECT_EQ(json["updates"][0]["settled"], true);
}

TEST(Revert, WaitsUntilNoThreadIsLeftInTheUpdatesCode) {
  FakeProcess process;
  process.looks = 4; // the first is for choosing the update
  FakeServer server([&](const Request &request) {
    if (request.row.kind == "revert")
      process.moving = process.state = "reverted"; // that it says at once; only its settling time tells
    return process(request);
  });
  EXPECT_EQ(run({"revert", self()}).code, kDone);
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST(Revert, ATimeoutLeavesItMoving) {
  FakeProcess process;
  process.looks = -1;
  FakeServer server(std::ref(process));
  Outcome outcome = run({"revert", self(), "--timeout", "0.01"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_NE(outcome.err.find("held up: worker (tid 101) in handle_request"), std::string::npos) << outcome.err;
}

TEST(Revert, ARefusalIsPassedOn) {
  FakeServer server([](const Request &request) {
    return request.row.kind == "revert" ? refuse("two.wfp: later updates build on it")
                                        : reply({kHead, update_row(kFirst, "two.wfp", "settled")});
  });
  Outcome outcome = run({"revert", self(), "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() + ": two.wfp: later updates build on it\n");
  EXPECT_EQ(outcome.json()["error"], label() + ": two.wfp: later updates build on it");
}

// A process that takes what is applied and reverted; `refusal` is its answer to both if not empty.
struct Worker : Updates {
  std::string refusal;
  Answer operator()(const Request &request) {
    if (request.row.kind != "status" && !refusal.empty())
      return refuse(refusal);
    if (request.row.kind != "apply")
      return Updates::operator()(request);
    rows.push_back(update_row(kId, request.row.text("file"), "settled"));
    return reply({Row{"applied", {{"id", kId}, {"view", "1"}, {"apply_us", "1"}}}});
  }
};

// A child of this process that answers for itself.
class WorkerProcess {
public:
  explicit WorkerProcess(Worker worker)
      : child([&] { return new FakeServer(std::move(worker)) != nullptr; }, [] { pause(); }) {}
  pid_t pid() const { return child.pid(); }
  std::string label() const { return describe_process(pid()).label(); }

private:
  Child child;
};

TEST(Children, AreChangedAfterTheirParent) {
  WorkerProcess first({}), second({});
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  Json json = outcome.json();
  ASSERT_EQ(json["children"].size(), 2u);
  EXPECT_EQ(json["children"][0]["pid"], first.pid());
  EXPECT_EQ(json["children"][1]["pid"], second.pid());
  for (const Json &child : json["children"])
    EXPECT_EQ(child["updates"][0]["state"], "settled");

  outcome = run({"revert", "--children", self()});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_NE(outcome.out.find("reverted in " + label()), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("reverted in " + second.label()), std::string::npos) << outcome.out;
}

TEST(Children, AreLeftAloneUnlessAskedFor) {
  WorkerProcess worker({});
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Json json = run({"apply", self(), update.path(), "--json"}).json();
  EXPECT_FALSE(json.contains("children"));
  EXPECT_EQ(run({"revert", std::to_string(worker.pid())}).code, kRefused); // has none
}

TEST(Children, MayHaveTheUpdateFromTheirParent) {
  Worker forked_afterwards;
  forked_afterwards.rows = {update_row(kId, "fix.wfp", "settled")};
  forked_afterwards.refusal = "applied already";
  WorkerProcess worker(forked_afterwards);
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  Json row = outcome.json()["children"][0]["updates"][0];
  EXPECT_EQ(row["inherited"], true);
  EXPECT_EQ(row["id"], kId);
}

TEST(Children, ThatRefuseDoNotKeepTheOthersFromIt) {
  Worker damaged;
  damaged.refusal = "foreign hook";
  WorkerProcess first(damaged), second({});
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + first.label() + ": foreign hook\n");
  Json children = outcome.json()["children"];
  EXPECT_EQ(children[0]["error"], first.label() + ": foreign hook");
  EXPECT_EQ(children[1]["updates"][0]["state"], "settled");
}

TEST(Children, AreShownWithTheirParent) {
  Worker updated;
  updated.rows = {update_row(kId, "fix.wfp", "settled")};
  WorkerProcess first(updated), second({});
  FakeServer server{Worker()};
  Outcome outcome = run({"status", "--children", self(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  Json json = outcome.json();
  EXPECT_EQ(json["pid"], getpid());
  ASSERT_EQ(json["children"].size(), 2u);
  EXPECT_EQ(json["children"][0]["pid"], first.pid());
  EXPECT_EQ(json["children"][0]["updates"][0]["id"], kId);
  EXPECT_TRUE(json["children"][1]["updates"].empty());

  outcome = run({"status", "--children", self()});
  EXPECT_NE(outcome.out.find("process " + self()), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("process " + std::to_string(first.pid())), std::string::npos) << outcome.out;
  EXPECT_FALSE(run({"status", self(), "--json"}).json().contains("children"));
}

TEST(Children, GetOnlyWhatTheirParentTook) {
  WorkerProcess worker({});
  FakeServer server([](const Request &) { return refuse("another build"); });
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.json()["children"][0]["updates"].size(), 0u);
}

TEST(Children, ThatEndMeanwhileAreLeftOut) {
  auto hang_up_and_end = [](const Request &) { // in the kernel's order: descriptors are closed before the process is gone
    std::thread([] {
      usleep(20'000);
      _exit(0);
    }).detach();
    return hang_up();
  };
  Child child([&] { return new FakeServer(hang_up_and_end) != nullptr; }, [] { pause(); });
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.json()["children"].size(), 0u);
}

TEST(Children, WithoutTheRuntimeAreLeftOut) {
  Child helper([] { return true; }, [] { execlp("sleep", "sleep", "100", nullptr); });
  while (describe_process(helper.pid()).name != "sleep")
    usleep(100);
  FakeServer server{Worker()};
  TemporaryFile update(kElf);
  Outcome outcome = run({"apply", "--children", self(), update.path(), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.json()["children"].size(), 0u);
}

} // namespace
} // namespace wfp::control::test
