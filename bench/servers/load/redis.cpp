// Redis's protocol (RESP 2): strings, counters, hashes, lists and sorted sets of the connection's own keys.  A
// transaction and a script run as well: they take other ways through the server than single commands.
#include "bench/servers/load/conversation.h"

#include <initializer_list>
#include <vector>

namespace wfp::bench {
namespace {

constexpr std::size_t kKeys = 100;
constexpr int kMembers = 20;

std::string command(std::initializer_list<std::string> words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string &word : words)
    text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return text;
}
std::string bulk(const std::string &data) { return "$" + std::to_string(data.size()) + "\r\n" + data + "\r\n"; }
std::string integer(long value) { return ":" + std::to_string(value) + "\r\n"; }

class Redis final : public ExactConversation {
public:
  explicit Redis(unsigned number)
      : prefix_("load/" + std::to_string(number) + "/"), number_(number), random_(number), versions_(kKeys, 0) {}

  std::string next() override {
    if (stored_ < kKeys)
      return set(stored_++);
    if (members_ < kMembers)
      return add_member();
    switch (random_() % 10) {
    case 0:
      return set(random_() % kKeys);
    case 1:
      expected_ = integer(++counter_);
      return command({"INCR", prefix_ + "counter"});
    case 2:
      return push();
    case 3:
      return range();
    case 4:
      return ranked();
    case 5:
      return transaction();
    case 6:
      expected_ = bulk(prefix_ + "x");
      return command({"EVAL", "return KEYS[1]..ARGV[1]", "1", prefix_, "x"});
    default:
      return get(random_() % kKeys);
    }
  }

private:
  std::string key(std::size_t i) const { return prefix_ + std::to_string(i); }
  std::string value(std::size_t i) const {
    return recognisable_text(number_ * 1'000'003ull + i * 7919 + versions_[i] * 104'729ull);
  }

  std::string set(std::size_t i) {
    ++versions_[i];
    expected_ = "+OK\r\n";
    return command({"SET", key(i), value(i)});
  }
  std::string get(std::size_t i) {
    expected_ = bulk(value(i));
    return command({"GET", key(i)});
  }
  std::string add_member() {
    // Only the first connection's key is new to the server if the load is started again: the set begins empty each
    // time.
    const std::string script = members_ == 0 ? "redis.call('DEL', KEYS[1], KEYS[2], KEYS[3]) " : "";
    expected_ = integer(1);
    const int member = members_++;
    return command({"EVAL", script + "return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])", "3", prefix_ + "ranks",
                    prefix_ + "list", prefix_ + "counter", std::to_string(member), "member" + std::to_string(member)});
  }
  std::string push() {
    // Two commands in one packet: the list never grows beyond one element.
    const std::string data = recognisable_text(random_());
    expected_ = integer(1) + bulk(data);
    return command({"LPUSH", prefix_ + "list", data}) + command({"RPOP", prefix_ + "list"});
  }
  std::string range() {
    const int from = static_cast<int>(random_() % kMembers),
              to = from + static_cast<int>(random_() % (kMembers - from));
    expected_ = "*" + std::to_string(to - from + 1) + "\r\n";
    for (int i = from; i <= to; ++i)
      expected_ += bulk("member" + std::to_string(i));
    return command({"ZRANGE", prefix_ + "ranks", std::to_string(from), std::to_string(to)});
  }
  std::string ranked() {
    const int member = static_cast<int>(random_() % kMembers);
    expected_ = integer(member);
    return command({"ZRANK", prefix_ + "ranks", "member" + std::to_string(member)});
  }
  std::string transaction() {
    const std::size_t i = random_() % kKeys;
    ++versions_[i];
    expected_ = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n" + bulk(value(i));
    return command({"MULTI"}) + command({"SET", key(i), value(i)}) + command({"GET", key(i)}) + command({"EXEC"});
  }

  std::string prefix_;
  unsigned number_;
  std::minstd_rand random_;
  std::vector<unsigned> versions_;
  std::size_t stored_ = 0;
  int members_ = 0;
  long counter_ = 0;
};

} // namespace

ConversationMaker redis_conversations() {
  return [](unsigned number) { return std::make_unique<Redis>(number); };
}

} // namespace wfp::bench
