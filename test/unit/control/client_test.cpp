// Whom the command talks to, and what it does about those that do not talk back properly.
#include "control/errors.h"
#include "format/protocol.h"
#include "test/unit/control/fake_server.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

namespace wfp::control::test {
namespace {

constexpr uid_t kNobody = 65534;

std::string label(pid_t pid = getpid()) { return describe_process(pid).label(); }

// What `status` says about a server that answers its request like this.
std::string complaint_about(Answer answer) {
  FakeServer server([&](const Request &) { return answer; });
  Outcome outcome = run({"status", std::to_string(getpid()), "--timeout", "600"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.out, "");
  return outcome.err;
}

const std::string kProcessRow = "process\tpid=1\texe=/x\tversion=1\tview=0\n";

TEST(Client, NoSuchProcess) {
  Outcome outcome = run({"status", "2147483647"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: no such process: 2147483647\n");
}

TEST(Client, ProcessWithoutTheRuntime) {
  Outcome outcome = run({"status", std::to_string(getpid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() + " is not running the wfpatch runtime\n");
}

TEST(Client, AThreadIsNoProcess) {
  pid_t tid = 0;
  Outcome outcome;
  std::thread([&] {
    tid = gettid();
    outcome = run({"status", std::to_string(tid)});
  }).join();
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_NE(outcome.err.find(std::to_string(tid) + " is a thread of process " + std::to_string(getpid())),
            std::string::npos)
      << outcome.err;
}

TEST(Client, AZombieHasEnded) {
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  Outcome outcome = run({"status", std::to_string(child)});
  waitpid(child, nullptr, 0);
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_NE(outcome.err.find(") has ended\n"), std::string::npos) << outcome.err;
}

TEST(Client, AnErrorReplyIsTheReason) {
  EXPECT_EQ(complaint_about(refuse("fix.wfp: parse: no")), "wfpatch: " + label() + ": fix.wfp: parse: no\n");
  EXPECT_EQ(complaint_about({{"error\n"}}), "wfpatch: " + label() + ": refused without a reason\n");
}

TEST(Client, AReasonStaysOneCleanLine) {
  EXPECT_EQ(complaint_about(refuse("two\nlines \x1b[31mred")), "wfpatch: " + label() + ": two?lines ?[31mred\n");
}

TEST(Client, MalformedReplies) {
  const std::string start = "wfpatch: " + label() + " sent a malformed reply: ";
  EXPECT_EQ(complaint_about({{"garbage"}}), start + "a row without its newline\n");
  EXPECT_EQ(complaint_about({{"thread\ttid\nend\n"}}), start + "a field of row 'thread' is not name=value\n");
  EXPECT_EQ(complaint_about({{"end\n"}}), start + "no row 'process'\n");
  EXPECT_EQ(complaint_about({{"end\nthread\ttid=1\n"}}), start + "rows after the last one\n");
  EXPECT_EQ(complaint_about({{"process\tpid=1\nend\n"}}), start + "row 'process' lacks view=\n");
  EXPECT_EQ(complaint_about({{kProcessRow + "thread\ttid=x\tview=0\tstate=parked\nend\n"}}),
            start + "tid= of row 'thread' is not a number\n");
  EXPECT_EQ(complaint_about({{kProcessRow + "thread\ttid=1\tview=0\tstate=asleep\nend\n"}}),
            start + "state= of row 'thread' is none of the known words\n");
  EXPECT_EQ(complaint_about({{kProcessRow + "update\tid=../x\nend\n"}}),
            start + "id= of row 'update' is not a hexadecimal id\n");
  EXPECT_EQ(complaint_about({{std::string(format::kMaxPacketBytes + 1, 'x')}}),
            start + "a packet of " + std::to_string(format::kMaxPacketBytes + 1) + " bytes\n");
}

TEST(Client, RowsAndFieldsThatItDoesNotKnowAreIgnored) {
  FakeServer server([](const Request &) {
    return Answer{
        {kProcessRow + "weather\tsun=1\n", "thread\ttid=7\tname=a\tview=0\tstate=parked\theld_by=\tmood=fine\nend\n"}};
  });
  Outcome outcome = run({"status", std::to_string(getpid()), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.json()["threads"].size(), 1u);
}

TEST(Client, AnEndlessReplyIsCutOff) {
  // More of valid rows than kMaxReplyBytes, and no end.
  std::string packet;
  while (packet.size() < 60000)
    packet += "thread\ttid=7\tname=a\tview=0\tstate=parked\n";
  Answer answer;
  answer.packets.assign((8u << 20) / packet.size() + 2, packet);
  EXPECT_EQ(complaint_about(answer), "wfpatch: " + label() + " sent a malformed reply: it does not end\n");
}

TEST(Client, HangingUpIsToldFromAnAnswer) {
  EXPECT_NE(complaint_about(hang_up()).find(label() + " closed the connection without an answer"), std::string::npos);
}

TEST(Client, SilenceEndsWithTheTimeout) {
  FakeServer server([](const Request &) { return silence(); });
  Outcome outcome = run({"status", std::to_string(getpid()), "--timeout", "0.05"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() + " did not answer in time\n");
}

TEST(Client, AnotherProtocolVersionIsRefused) {
  FakeServer server([](const Request &) { return silence(); });
  server.answer_hello(reply({Row{"hello", {{"version", "8.0"}, {"protocol", "99"}}}}));
  Outcome outcome = run({"status", std::to_string(getpid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() + " speaks protocol 99 (runtime 8.0), this command speaks " +
                             std::to_string(format::kProtocolVersion) + "\n");
  EXPECT_TRUE(server.requests().empty());
}

TEST(Client, ASocketOfSomebodyElseIsNotTrusted) {
  Child victim([] { return true; }, [] { pause(); });
  FakeServer squatter([](const Request &) { return silence(); }, victim.pid());
  Outcome outcome = run({"status", std::to_string(victim.pid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: the control socket of " + label(victim.pid()) + " belongs to process " +
                             std::to_string(getpid()) + ": not trusted\n");
}

TEST(Client, AStoppedProcessIsSaidToBeStopped) {
  std::unique_ptr<FakeServer> server;
  Child child(
      [&] {
        server = std::make_unique<FakeServer>([](const Request &) { return silence(); });
        return true;
      },
      [] { raise(SIGSTOP); });
  int status;
  ASSERT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  Outcome outcome = run({"status", std::to_string(child.pid()), "--timeout", "0.05"});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label(child.pid()) + " did not answer in time: it is stopped\n");
}

class AsRoot : public ::testing::Test {
protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "needs root, to be somebody else";
  }
};

TEST_F(AsRoot, AnotherUsersProcessThatHangsUp) {
  FakeServer server([](const Request &) { return silence(); });
  server.answer_hello(hang_up());
  Outcome outcome = run_as(kNobody, {"status", std::to_string(getpid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() +
                             " belongs to user root: permission denied (only that user and root may " +
                             "control it)\n");
}

TEST_F(AsRoot, AnotherUsersProcessThatSaysWhy) {
  FakeServer server([](const Request &) { return silence(); });
  Answer answer = refuse("permission denied");
  answer.then = Answer::kClose;
  server.answer_hello(answer);
  Outcome outcome = run_as(kNobody, {"status", std::to_string(getpid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label() + ": permission denied\n");
}

TEST_F(AsRoot, AnotherUsersProcessWithoutASocket) {
  Outcome outcome = run_as(kNobody, {"status", std::to_string(getpid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: no connection to " + label() +
                             ": it is not running the wfpatch runtime, or it belongs to user root and is out of reach "
                             "(try as root)\n");
}

// A child in a network namespace of its own that serves there, as user `uid`.
class NamespaceChild {
public:
  explicit NamespaceChild(uid_t uid)
      : child(
            [this, uid] {
              if (unshare(CLONE_NEWNET) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
                return false;
              prctl(PR_SET_DUMPABLE, 1); // lost by setuid
              server = std::make_unique<FakeServer>(process);
              return true;
            },
            [] { pause(); }) {}
  FakeProcess process;
  std::unique_ptr<FakeServer> server;
  Child child;
};

TEST_F(AsRoot, ANetworkNamespaceIsEntered) {
  NamespaceChild space(0);
  if (!space.child.ready())
    GTEST_SKIP() << "no network namespaces here";
  const std::string pid = std::to_string(space.child.pid());
  const std::string before = network_namespace("self");
  Outcome outcome = run({"status", pid, "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.json()["pid"], space.child.pid());
  EXPECT_EQ(network_namespace("self"), before);

  bool listed = false;
  const Json list = run({"list", "--json"}).json();
  for (const Json &entry : list["processes"])
    listed |= entry["pid"] == space.child.pid() && entry.contains("view");
  EXPECT_TRUE(listed);
}

TEST_F(AsRoot, ANetworkNamespaceThatCannotBeEnteredIsNamed) {
  NamespaceChild space(kNobody);
  if (!space.child.ready())
    GTEST_SKIP() << "no network namespaces here";
  Outcome outcome = run_as(kNobody, {"status", std::to_string(space.child.pid())});
  EXPECT_EQ(outcome.code, kRefused);
  EXPECT_EQ(outcome.err, "wfpatch: " + label(space.child.pid()) +
                             " is in another network namespace, which cannot be entered: Operation not permitted (that "
                             "needs root)\n");
}

TEST_F(AsRoot, APidNamespaceIsSeenThrough) {
  // The inner process believes to be 1 and names its socket so.
  int channel[2];
  ASSERT_EQ(pipe(channel), 0);
  FakeProcess process;
  std::unique_ptr<FakeServer> server;
  Child outer(
      [&] {
        if (unshare(CLONE_NEWPID | CLONE_NEWNET) != 0)
          return false;
        pid_t inner = fork();
        if (inner == 0) {
          prctl(PR_SET_PDEATHSIG, SIGKILL);
          server = std::make_unique<FakeServer>(process);
          (void)!write(channel[1], "+", 1);
          pause();
        }
        char sign;
        return inner > 0 && read(channel[0], &sign, 1) == 1 &&
               write(channel[1], &inner, sizeof(inner)) == sizeof(inner);
      },
      [] { pause(); });
  close(channel[1]);
  pid_t inner = 0;
  if (!outer.ready() || read(channel[0], &inner, sizeof(inner)) != sizeof(inner))
    GTEST_SKIP() << "no PID namespaces here";
  close(channel[0]);
  EXPECT_EQ(describe_process(inner).innermost_pid, 1);
  Outcome outcome = run({"status", std::to_string(inner), "--json"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.json()["pid"], inner);
}

} // namespace
} // namespace wfp::control::test
