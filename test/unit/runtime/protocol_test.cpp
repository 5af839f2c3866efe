// Requests: what is taken, what is refused, and the escapes both ways.

#include "runtime/src/protocol.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace wfp;

struct Parsed {
  bool valid;
  std::string kind, why;
  Request request;
  std::string text;
};

void parse(Parsed &parsed, const char *text) {
  parsed.text = text;
  Message why;
  parsed.valid = parse_request(parsed.text.data(), parsed.text.size(), parsed.request, why);
  parsed.kind = parsed.request.kind;
  parsed.why = why.c_str();
}

TEST(Request, KindAndFields) {
  Parsed parsed;
  parse(parsed, "apply\tfile=fix.wfp\tmode=barrier\n");
  ASSERT_TRUE(parsed.valid) << parsed.why;
  EXPECT_EQ(parsed.kind, "apply");
  EXPECT_STREQ(parsed.request.value("file", ""), "fix.wfp");
  EXPECT_STREQ(parsed.request.value("mode", ""), "barrier");
  EXPECT_STREQ(parsed.request.value("absent", "default"), "default");
}

TEST(Request, WithoutFields) {
  Parsed parsed;
  parse(parsed, "status\n");
  ASSERT_TRUE(parsed.valid);
  EXPECT_EQ(parsed.kind, "status");
  EXPECT_EQ(parsed.request.count, 0u);
}

TEST(Request, Escapes) {
  Parsed parsed;
  parse(parsed, "apply\tfile=a\\tb\\nc\\\\d=e\n");
  ASSERT_TRUE(parsed.valid);
  EXPECT_STREQ(parsed.request.value("file", ""), "a\tb\nc\\d=e");
}

TEST(Request, RefusesWhatIsNoRow) {
  for (const char *text : {"", "apply", "a\nb\n", "apply\tfield\n"}) {
    Parsed parsed;
    parse(parsed, text);
    EXPECT_FALSE(parsed.valid) << '"' << text << '"';
    EXPECT_FALSE(parsed.why.empty());
  }
}

TEST(Request, RefusesAnEmbeddedNul) {
  char text[] = "ap\0ly\n";
  Request request;
  Message why;
  EXPECT_FALSE(parse_request(text, 6, request, why));
}

TEST(Request, RefusesTooManyFields) {
  std::string text = "apply";
  for (std::size_t i = 0; i <= Request::kMaxFields; ++i)
    text += "\ta=b";
  text += '\n';
  Request request;
  Message why;
  EXPECT_FALSE(parse_request(text.data(), text.size(), request, why));
  EXPECT_STREQ(why.c_str(), "a request with too many fields");
}

TEST(Reply, RowsArriveEscaped) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  auto reply = std::make_unique<Reply>(pair[0]);
  reply->row("thread").field("tid", 7ull).field("name", "a\tb\\").end_row();
  reply->row("end").end_row();
  reply->flush();
  char text[256];
  ssize_t size = recv(pair[1], text, sizeof(text), 0);
  EXPECT_EQ(std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0), "thread\ttid=7\tname=a\\tb\\\\\nend\n");
  close(pair[0]);
  close(pair[1]);
}

TEST(Reply, LongRepliesTakeSeveralPackets) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  int room = 1 << 20;
  setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  auto reply = std::make_unique<Reply>(pair[0]);
  for (int i = 0; i < 3000; ++i)
    reply->row("thread").field("tid", static_cast<unsigned long long>(i)).field("name", "0123456789").end_row();
  reply->flush();
  EXPECT_FALSE(reply->failed());
  close(pair[0]);
  std::string all;
  int packets = 0;
  static char text[1 << 16];
  for (ssize_t size; (size = recv(pair[1], text, sizeof(text), 0)) > 0; ++packets)
    all.append(text, static_cast<std::size_t>(size));
  EXPECT_GT(packets, 1);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3000);
  close(pair[1]);
}

TEST(Reply, ClosedPeerIsNoticedAndHarmless) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  close(pair[1]);
  auto reply = std::make_unique<Reply>(pair[0]);
  reply->row("end").end_row();
  reply->flush();
  EXPECT_TRUE(reply->failed());
  close(pair[0]);
}

} // namespace
