// What one connection of the load says to a server, and what the server must answer.
//
// A conversation owns its keys (or files, or entries) and remembers what it put there, so that every answer can be
// checked byte by byte: a wrong, torn or missing answer is a failure, and so is a miss of what was stored.  One class
// for each protocol; load.cpp knows none of them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace wfp::bench {

class LoginChannel;

enum class Progress { kPartial, kComplete, kWrong };

class Conversation {
public:
  virtual ~Conversation() = default;

  // The login, before the first request on each connection.  Waits for answers as `channel` does; throws
  // std::runtime_error.
  virtual void greet(const LoginChannel & /*channel*/) {}

  // What is said before a connection is closed.
  virtual std::string farewell() const { return {}; }

  // The next request.  The first ones may prepare what later ones rely on.
  virtual std::string next() = 0;

  // Looks at what has arrived since next(), of which the first `seen` bytes were judged before: kPartial as long as more
  // must come.
  virtual Progress judge(std::string_view answer, std::size_t seen) = 0;

  // What judge() wanted, for the message about a wrong answer.
  virtual std::string wanted() const = 0;

  // Whether the connection ends with this answer, because the server said so or this side wants it: no failure, a new
  // one is opened.
  virtual bool closes() const { return false; }
};

// Protocols whose answers are known to the last byte before they come.
class ExactConversation : public Conversation {
public:
  Progress judge(std::string_view answer, std::size_t seen) final {
    if (answer.size() > expected_.size() || expected_.compare(seen, answer.size() - seen, answer.substr(seen)) != 0)
      return Progress::kWrong;
    return answer.size() == expected_.size() ? Progress::kComplete : Progress::kPartial;
  }
  std::string wanted() const final { return expected_; }

protected:
  std::string expected_;
};

// Protocols whose requests come in groups, planned as steps, and whose connections end after some requests, between two
// groups: servers that keep a thread or a process for each connection have these come and go.
template <class Step> class PlannedConversation : public Conversation {
public:
  bool closes() const final { return requests_ >= most_requests_ && planned_.empty(); }
  std::string next() final {
    ++requests_;
    if (planned_.empty())
      plan();
    current_ = std::move(planned_.front());
    planned_.pop_front();
    return request(current_);
  }

protected:
  // Connection `number` of several: its first one ends early, each another time, or all would end together again and again.
  PlannedConversation(unsigned number, unsigned requests_per_connection)
      : most_requests_(requests_per_connection), left_out_(std::minstd_rand(number + 1)() % requests_per_connection) {}

  // Puts at least one step into planned_.
  virtual void plan() = 0;
  virtual std::string request(const Step &step) = 0;

  // To be called by greet().
  void begin_connection() { requests_ = std::exchange(left_out_, 0); }

  std::deque<Step> planned_;
  Step current_; // what was asked last

private:
  unsigned most_requests_, requests_ = 0; // on this connection
  unsigned left_out_;                     // of the first connection's
};

// Makes the conversation of connection `number`.
using ConversationMaker = std::function<std::unique_ptr<Conversation>(unsigned number)>;

ConversationMaker memcached_conversations();
ConversationMaker redis_conversations();
// Rows of the table load.items, by the account `load`, which has no password.
ConversationMaker mysql_conversations();
// Files in the share `load`, which a guest may write to.
ConversationMaker smb2_conversations();
// The files of `folder`, which the server offers under /, are asked for by name and compared.
ConversationMaker http_conversations(const std::string &folder);
// Searches for the entries cn=0 ... cn=`entries - 1` below `base`; each must be found, with the attributes that it had
// first.
ConversationMaker ldap_conversations(const std::string &base, unsigned entries);

// Text that differs between seeds over its whole length, so that answers that are mixed up or torn cannot go unnoticed.
inline std::string recognisable_text(std::uint64_t seed) {
  std::minstd_rand bytes(static_cast<unsigned>(seed % 2147483646 + 1));
  std::string text(20 + bytes() % 400, ' ');
  for (char &c : text)
    c = static_cast<char>('a' + bytes() % 26);
  return text;
}

} // namespace wfp::bench
