// LDAP v3 (RFC 4511): searches for single entries.  The first answer of an entry is what all later ones must equal.
//
// Only as much BER as that takes: definite lengths, and messages told apart by the tag of their operation.
#include "bench/servers/load/conversation.h"

#include <cstdint>
#include <vector>

namespace wfp::bench {
namespace {

const std::string kZero(1, '\0');
constexpr std::uint8_t kSearchEntry = 0x64, kSearchDone = 0x65;

std::string ber(std::uint8_t tag, const std::string &content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80)
    out += static_cast<char>(content.size());
  else
    out += {static_cast<char>(0x82), static_cast<char>(content.size() >> 8), static_cast<char>(content.size() & 0xff)};
  return out + content;
}

// The length of the header and of the content of the BER element at the begin of `bytes`; false if more is needed.
bool element(std::string_view bytes, std::size_t &header, std::size_t &content) {
  if (bytes.size() < 2)
    return false;
  const auto first = static_cast<std::uint8_t>(bytes[1]);
  header = 2;
  content = first;
  if (first & 0x80) {
    const std::size_t count = first & 0x7f;
    header += count;
    if (count > 4 || bytes.size() < header)
      return false;
    content = 0;
    for (std::size_t i = 0; i < count; ++i)
      content = content << 8 | static_cast<std::uint8_t>(bytes[2 + i]);
  }
  return bytes.size() >= header + content;
}

class Ldap final : public Conversation {
public:
  Ldap(unsigned number, std::string base, unsigned entries)
      : base_(std::move(base)), random_(number + 1), known_(entries) {}

  std::string next() override {
    current_ = random_() % known_.size();
    // Base object search of everything an entry has: scope 0, no aliases followed, no limits, filter (objectClass=*).
    const std::string name = "cn=" + std::to_string(current_) + "," + base_;
    const std::string search = ber(0x04, name) + ber(0x0a, kZero) + ber(0x0a, kZero) + ber(0x02, kZero) +
                               ber(0x02, kZero) + ber(0x01, kZero) + ber(0x87, "objectClass") + ber(0x30, "");
    return ber(0x30, ber(0x02, "\x05") + ber(0x63, search));
  }

  Progress judge(std::string_view answer, std::size_t) override {
    std::string &known = known_[current_];
    bool entry = false;
    for (std::string_view rest = answer; !rest.empty();) {
      std::size_t header, content, id_header, id_content;
      if (!element(rest, header, content))
        return Progress::kPartial;
      const std::string_view message = rest.substr(header, content);
      rest.remove_prefix(header + content);
      if (!element(message, id_header, id_content) || message.size() <= id_header + id_content)
        return Progress::kWrong;
      const auto operation = static_cast<std::uint8_t>(message[id_header + id_content]);
      entry |= operation == kSearchEntry;
      if (operation == kSearchDone) {
        if (!entry || !rest.empty())
          return Progress::kWrong;
        if (known.empty())
          known = answer;
        return answer == known ? Progress::kComplete : Progress::kWrong;
      }
      if (operation != kSearchEntry)
        return Progress::kWrong;
    }
    return Progress::kPartial;
  }

  std::string wanted() const override { return "the entry cn=" + std::to_string(current_) + "," + base_; }

private:
  std::string base_;
  std::minstd_rand random_;
  std::vector<std::string> known_;
  std::size_t current_ = 0;
};

} // namespace

ConversationMaker ldap_conversations(const std::string &base, unsigned entries) {
  return [base, entries](unsigned number) { return std::make_unique<Ldap>(number, base, entries); };
}

} // namespace wfp::bench
