// memcached's text protocol: sets, gets and multigets of the connection's own keys.
#include "bench/servers/load/conversation.h"

#include <vector>

namespace wfp::bench {
namespace {

constexpr std::size_t kKeys = 200;
constexpr std::size_t kMaxMultiget = 6;

class Memcached final : public ExactConversation {
public:
  explicit Memcached(unsigned number) : number_(number), random_(number), versions_(kKeys, 0) {}

  std::string next() override {
    if (stored_ < kKeys)
      return set(stored_++);
    const unsigned dice = random_() % 10;
    if (dice == 0)
      return set(random_() % kKeys);
    return get(dice < 7 ? 1 : 2 + random_() % (kMaxMultiget - 1));
  }

private:
  std::string key(std::size_t i) const { return "load/" + std::to_string(number_) + "/" + std::to_string(i); }
  std::string value(std::size_t i) const {
    return recognisable_text(number_ * 1'000'003ull + i * 7919 + versions_[i] * 104'729ull);
  }

  std::string set(std::size_t i) {
    ++versions_[i];
    const std::string data = value(i);
    expected_ = "STORED\r\n";
    return "set " + key(i) + " 7 0 " + std::to_string(data.size()) + "\r\n" + data + "\r\n";
  }

  std::string get(std::size_t keys) {
    std::string request = "get";
    expected_.clear();
    for (std::size_t k = 0; k < keys; ++k) {
      const std::size_t i = random_() % kKeys;
      const std::string data = value(i);
      request += " " + key(i);
      expected_ += "VALUE " + key(i) + " 7 " + std::to_string(data.size()) + "\r\n" + data + "\r\n";
    }
    expected_ += "END\r\n";
    return request + "\r\n";
  }

  unsigned number_;
  std::minstd_rand random_;
  std::vector<unsigned> versions_;
  std::size_t stored_ = 0;
};

} // namespace

ConversationMaker memcached_conversations() {
  return [](unsigned number) { return std::make_unique<Memcached>(number); };
}

} // namespace wfp::bench
